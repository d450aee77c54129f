import { setImmediate } from 'node:timers/promises';
import { CompressorError } from '../support/errors.js';
import { BYTE_COUNT } from '../vocabulary/layout.js';
import { ArithmeticDecoder, ArithmeticEncoder } from './arithmetic-coder.js';
import type { PortableContexts, PortableModel } from './portable-model.js';
import { cumulativeFrequencies, STREAM_FREQUENCY_BITS } from './stream-frequencies.js';

/**
 * Arithmetic coding of whole blocks under a model of the next byte, with all that its context holds. A block is cut into
 * streams of equal length, which know nothing of each other: they are read in step, so that the model's weights are read
 * once for all of them.
 */

/** Streams of a block: as many as the model's arithmetic has in registers at a time. */
const STREAMS = 8;
/** Shorter streams than this would lose too much by beginning without context. */
const SHORTEST_STREAM = 4096;
/** Share of a full context that is read again where the next one begins. */
const KEPT_SHARE = 1 / 4;
/** Positions between two breaths for signals, timers and the terminal. */
const POSITIONS_AT_A_TIME = 16;
/** Bytes of the length of each stream's code. */
const LENGTH_BYTES = 4;

/** What a text costs, in bits. */
export interface StreamCosts {
  /** Σ −log₂ p under the model's probabilities. */
  model: number;
  /** The same under the frequencies that they are rounded to: the excess is the loss of quantisation. */
  quantised: number;
  /** What was written, without the lengths of streams: the excess is the coder's own. */
  coded: number;
}

export interface StreamWork {
  signal?: AbortSignal;
  /** Told now and then how many bytes are done. */
  advanced?: (bytes: number) => void;
}

interface StreamShape {
  count: number;
  /** Bytes of every stream but the last, which may have fewer. */
  length: number;
}

/** All of this is a function of the text's length, so that a decoder knows it. */
function streamShape(textBytes: number): StreamShape {
  const wanted = Math.min(STREAMS, Math.max(1, Math.floor(textBytes / SHORTEST_STREAM)));
  const length = Math.ceil(textBytes / wanted);
  return { length, count: length === 0 ? 0 : Math.ceil(textBytes / length) };
}

/** Streams under one model. */
export class StreamCoder {
  readonly fingerprint: string;
  /** What all texts so far cost. */
  readonly costs: StreamCosts = { model: 0, quantised: 0, coded: 0 };

  constructor(private readonly model: PortableModel) {
    const kept = Math.floor(model.contextLength * KEPT_SHARE);
    this.fingerprint = `stream:1;streams=${STREAMS};shortest=${SHORTEST_STREAM};kept=${kept};${model.fingerprint}`;
  }

  /**
   * The codes of the streams, each after its length (u32, little-endian).
   *
   * @throws the signal's reason when it is aborted
   */
  async encode(text: Uint8Array, work: StreamWork = {}): Promise<Uint8Array> {
    const shape = streamShape(text.length);
    const encoders = Array.from({ length: shape.count }, () => new ArithmeticEncoder(STREAM_FREQUENCY_BITS));
    await this.inStep(text, shape, work, (stream, position, { cumulative, probabilities }) => {
      const byte = text[position]!;
      const at = stream * (BYTE_COUNT + 1) + byte;
      encoders[stream]!.encode(cumulative[at]!, cumulative[at + 1]!);
      this.costs.model -= Math.log2(probabilities[stream * BYTE_COUNT + byte]!);
      this.costs.quantised += STREAM_FREQUENCY_BITS - Math.log2(cumulative[at + 1]! - cumulative[at]!);
    });
    const parts = encoders.flatMap((encoder) => {
      const code = encoder.finish();
      this.costs.coded += 8 * code.length;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(code.length);
      return [length, code];
    });
    return Buffer.concat(parts);
  }

  /**
   * The text of a code that `encode` gave for a text of this length.
   *
   * @throws CompressorError for a code that was cut short; any other is decoded to something
   */
  async decode(code: Uint8Array, textBytes: number, work: StreamWork = {}): Promise<Uint8Array> {
    const shape = streamShape(textBytes);
    const decoders = codesOf(code, shape.count).map((part) => new ArithmeticDecoder(part, STREAM_FREQUENCY_BITS));
    const text = new Uint8Array(textBytes);
    await this.inStep(text, shape, work, (stream, position, { cumulative }) => {
      text[position] = decoders[stream]!.decode(cumulative, stream * (BYTE_COUNT + 1), BYTE_COUNT);
    });
    return text;
  }

  /** Gives each byte of a block to `code` with its distribution, which depends on the bytes before it in `text`. */
  private async inStep(
    text: Uint8Array,
    { count, length }: StreamShape,
    { signal, advanced }: StreamWork,
    code: (stream: number, position: number, distributions: Distributions) => void,
  ): Promise<void> {
    if (count === 0) return;
    const contexts = this.model.contexts(count);
    const cumulative = new Uint32Array(count * (BYTE_COUNT + 1));
    const distributions = { cumulative, probabilities: contexts.probabilities };
    const kept = Math.floor(this.model.contextLength * KEPT_SHARE);
    const column = new Uint8Array(count);
    const read = (offset: number): void => {
      // Behind the end of the last stream there is nothing to code, and any byte will do.
      for (let stream = 0; stream < count; stream++) column[stream] = text[stream * length + offset] ?? 0;
      contexts.read(column);
    };
    for (let offset = 0; offset < length; offset++) {
      if (offset % POSITIONS_AT_A_TIME === 0) {
        advanced?.(Math.min(text.length, offset * count));
        await setImmediate();
        signal?.throwIfAborted();
      }
      if (offset === 0) contexts.begin();
      else if (contexts.left > 1) read(offset - 1);
      else beginAgain(contexts, offset, kept, read);
      contexts.predict();
      for (let stream = 0; stream < count; stream++) {
        const position = stream * length + offset;
        if (position >= text.length) continue;
        cumulativeFrequencies(contexts.probabilities, stream, cumulative);
        code(stream, position, distributions);
      }
    }
  }
}

/** What a byte is coded under: [streams, 257] and [streams, 256]. */
interface Distributions {
  cumulative: Uint32Array;
  probabilities: Float64Array;
}

/** Begins full contexts anew with the last bytes before `offset`. */
function beginAgain(contexts: PortableContexts, offset: number, kept: number, read: (offset: number) => void): void {
  contexts.begin();
  for (let at = Math.max(0, offset - kept); at < offset; at++) read(at);
}

/** @throws CompressorError if the lengths do not fit the code */
function codesOf(code: Uint8Array, count: number): Uint8Array[] {
  const bytes = Buffer.from(code.buffer, code.byteOffset, code.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let stream = 0; stream < count; stream++) {
    const start = at + LENGTH_BYTES;
    const length = start <= bytes.length ? bytes.readUInt32LE(at) : 0;
    at = start + length;
    if (at > bytes.length) throw new CompressorError(`the code of stream ${stream + 1} of ${count} is cut short`);
    parts.push(bytes.subarray(start, at));
  }
  if (at !== bytes.length) throw new CompressorError('something follows the code of the last stream');
  return parts;
}
