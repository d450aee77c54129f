import type { Compressor, Encoded, PluginContext, Segment } from '../../src/plugins/contracts.js';
import { closeAll } from '../../src/support/close-all.js';
import { codeField } from './code-field.js';
import { codesOfCodebook } from './codebook-codes.js';
import { codesUnderModel } from './model-codes.js';
import type { NeuralOptions } from './options.js';
import { openSegmenter } from './segmenter.js';
import { joinSide, refuseBoundaries, splitSide } from './side-data.js';

/** Windows and symbols of one kind: compiled, or with a model in the loop. */
export interface WindowCodes {
  readonly alphabetSize: number;
  readonly fingerprint: string;
  readonly windowBits: number;
  readonly symbolBits: number;
  /** Codes by their compact numbers; null where codes keep theirs. */
  readonly codesInUse: Int32Array | null;
  /** One result for each document. @param ends of the segments of each; null: each document is one */
  encode(documents: readonly Uint8Array[], ends: readonly Uint32Array[] | null): Encoded[] | Promise<Encoded[]>;
  decode(encoded: Encoded): Uint8Array | Promise<Uint8Array>;
  /** Which bytes each symbol covers. */
  segments(encoded: Encoded): Iterable<Segment> | Promise<Iterable<Segment>>;
  dispose?(): Promise<void>;
}

/**
 * Equal-info windows (architecture §13).
 *
 * @throws CodebookError, CheckpointError or ConfigError for what the options name
 */
export async function createNeural(options: NeuralOptions, context: PluginContext): Promise<Compressor> {
  const codes = await (options.model === null ? codesOfCodebook(options) : codesUnderModel(options, context));
  const segmenter = await openSegmenter(options, context).catch(async (error: unknown) => {
    await codes.dispose?.();
    throw error;
  });
  const keepsBoundaries = options.segmentation === 'entropy';
  const cutAndEncode = async (documents: readonly Uint8Array[]) => {
    const ends = segmenter === null ? null : await segmenter.segment(documents);
    return { ends, encoded: await codes.encode(documents, ends) };
  };
  const encodeBatch = async (documents: readonly Uint8Array[]): Promise<Encoded[]> => {
    const { ends, encoded } = await cutAndEncode(documents);
    return keepsBoundaries ? encoded.map((document, i) => joinSide(document, ends![i]!)) : encoded;
  };
  const decodeWithin = async (encoded: Encoded): Promise<Uint8Array> => {
    const { coded, ends } = splitSide(encoded);
    const bytes = await codes.decode(coded);
    if (bytes.length !== (ends.at(-1) ?? 0)) throw refuseBoundaries('are those of another document');
    return bytes;
  };
  return {
    alphabetSize: codes.alphabetSize,
    fingerprint: ['neural', codes.fingerprint, ...(segmenter === null ? [] : [segmenter.fingerprint])].join(':'),
    encode(bytes) {
      const encoded = segmenter === null ? codes.encode([bytes], null) : encodeBatch([bytes]);
      return encoded instanceof Promise ? encoded.then(([document]) => document!) : encoded[0]!;
    },
    // Only a model gains by seeing many documents at once; without, each is forgotten before the next is read.
    ...((options.model !== null || keepsBoundaries) && { encodeBatch }),
    decode: keepsBoundaries ? decodeWithin : (encoded) => codes.decode(encoded),
    async segments(bytes) {
      const { ends, encoded } = await cutAndEncode([bytes]);
      const covers = await codes.segments(encoded[0]!);
      return ends === null ? covers : markCuts(covers, ends[0]!);
    },
    field: codeField(codes, options),
    dispose: () => closeAll([async () => segmenter?.dispose(), async () => codes.dispose?.()]),
  };
}

/** Says of the first symbols behind a cut that they are. */
function* markCuts(covers: Iterable<Segment>, ends: Uint32Array): Iterable<Segment> {
  const cuts = new Set(ends);
  for (const cover of covers) yield cuts.has(cover.byteStart) ? { ...cover, afterCut: true } : cover;
}
