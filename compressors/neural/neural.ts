import { DEFAULT_CODEBOOK, resolveCodebook } from '../../src/neural-coding/artifacts.js';
import { readCodebook } from '../../src/neural-coding/codebook-file.js';
import { formatOf } from '../../src/neural-coding/phrase-counts.js';
import { WindowDecoder } from '../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';
import type { Compressor, Encoded, PluginContext } from '../../src/plugins/contracts.js';
import { codeField } from './code-field.js';
import { codesUnderModel } from './model-codes.js';
import type { NeuralOptions } from './options.js';
import { openSegmenter } from './segmenter.js';
import { joinSide, splitSide } from './side-data.js';

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
  /** Absent where encoding is not done at once. */
  segments?: Compressor['segments'];
  dispose?(): Promise<void>;
}

/**
 * Equal-info windows (architecture §13).
 *
 * @throws CodebookError, CheckpointError or ConfigError for what the options name
 */
export async function createNeural(options: NeuralOptions, context: PluginContext): Promise<Compressor> {
  const segmenter = await openSegmenter(options, context);
  const codes = options.model === null ? await compiledCodes(options) : await codesUnderModel(options, context);
  const keepsBoundaries = options.segmentation === 'entropy';
  const encodeBatch = async (documents: Uint8Array[]): Promise<Encoded[]> => {
    const ends = segmenter === null ? null : await segmenter.segment(documents);
    const encoded = await codes.encode(documents, ends);
    return keepsBoundaries ? encoded.map((document, i) => joinSide(document, ends![i]!)) : encoded;
  };
  const { segments } = codes;
  return {
    alphabetSize: codes.alphabetSize,
    fingerprint: ['neural', codes.fingerprint, ...(segmenter === null ? [] : [segmenter.fingerprint])].join(':'),
    encode: async (bytes) => (await encodeBatch([bytes]))[0]!,
    encodeBatch,
    decode: (encoded) => codes.decode(keepsBoundaries ? splitSide(encoded).encoded : encoded),
    ...(segmenter === null && segments !== undefined && { segments }),
    field: codeField(codes, options),
    async dispose() {
      await segmenter?.dispose();
      await codes.dispose?.();
    },
  };
}

async function compiledCodes({ codebook: name, symbolBits, codes }: NeuralOptions): Promise<WindowCodes> {
  const codebook = await readCodebook(resolveCodebook(name ?? DEFAULT_CODEBOOK));
  const format = { symbolBits: symbolBits ?? formatOf(codebook).symbolBits, numbering: codes };
  const encoder = new WindowEncoder(codebook, format);
  const decoder = new WindowDecoder(codebook, format, encoder.phrases);
  return {
    alphabetSize: encoder.alphabetSize,
    fingerprint: `${codebook.fingerprint}:${format.symbolBits}:${codes}`,
    windowBits: codebook.windowBits,
    symbolBits: format.symbolBits,
    codesInUse: codes === 'compact' ? Int32Array.from(new Set(encoder.phrases.codes)) : null,
    encode: (documents, ends) => documents.map((bytes, i) => encoder.encode(bytes, ends?.[i])),
    decode: (encoded) => decoder.decode(encoded),
    segments: (bytes) => decoder.segments(encoder.encode(bytes)),
  };
}
