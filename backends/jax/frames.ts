import { byteLength, type DType, type HostTensor } from '../../src/graph/index.js';

/**
 * Messages on pipes: plain data as JSON, and tensors as bytes behind it. `python/pc_jax/frames.py` is the other side.
 *
 *     length of the JSON    4 bytes, little-endian
 *     length of the bytes   8 bytes, little-endian
 *     the JSON              { …, tensors: [{ dtype, shape }, …] }
 *     the bytes             of the tensors, one after the other
 */
export interface Frame {
  head: object;
  tensors: readonly HostTensor[];
}

const LENGTHS = 12;
/** The JSON has names and shapes: what is longer is something else, such as text that was printed into the pipe. */
const MOST_JSON = 1 << 28;

/** The parts of a frame, to be written in this order; tensors are not copied. */
export function encodeFrame({ head, tensors }: Frame): Uint8Array[] {
  const described = tensors.map(({ dtype, shape }) => ({ dtype, shape }));
  const json = new TextEncoder().encode(JSON.stringify({ ...head, tensors: described }));
  const start = new Uint8Array(LENGTHS + json.byteLength);
  const view = new DataView(start.buffer);
  view.setUint32(0, json.byteLength, true);
  view.setBigUint64(4, BigInt(tensors.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)), true);
  start.set(json, LENGTHS);
  return [start, ...tensors.map(({ bytes }) => bytes)];
}

/** Puts frames together from the pieces that a pipe gives. */
export class FrameReader {
  private stage: 'lengths' | 'json' | 'bytes' = 'lengths';
  private json = new Uint8Array(0);
  private target = new Uint8Array(LENGTHS);
  private filled = 0;
  private bytesLength = 0;

  /** The frames that end in this piece. @throws RangeError or SyntaxError if they are none; nothing can be read after that */
  *add(piece: Uint8Array): Generator<Frame> {
    let at = 0;
    for (;;) {
      const taken = Math.min(piece.byteLength - at, this.target.byteLength - this.filled);
      this.target.set(piece.subarray(at, at + taken), this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled < this.target.byteLength) return;
      const frame = this.advance();
      if (frame !== null) yield frame;
    }
  }

  /** What has been filled is complete. */
  private advance(): Frame | null {
    const { stage, target } = this;
    if (stage === 'lengths') {
      const view = new DataView(target.buffer);
      const length = view.getUint32(0, true);
      if (length > MOST_JSON) throw new RangeError(`it begins a message of ${length} bytes of JSON`);
      this.bytesLength = Number(view.getBigUint64(4, true));
      this.fill('json', length);
      return null;
    }
    if (stage === 'json') {
      this.json = target;
      this.fill('bytes', this.bytesLength);
      return null;
    }
    this.fill('lengths', LENGTHS);
    const { tensors, ...head } = JSON.parse(new TextDecoder().decode(this.json)) as {
      tensors: { dtype: DType; shape: number[] }[];
    };
    return { head, tensors: divide(target, tensors) };
  }

  private fill(stage: FrameReader['stage'], length: number): void {
    this.stage = stage;
    this.target = new Uint8Array(length);
    this.filled = 0;
  }
}

/** Bytes that are no tensor of a program, as one: of the only type that takes any byte as it is. */
export function rawBytes(bytes: Uint8Array): HostTensor {
  return { dtype: 'bool', shape: [bytes.byteLength], bytes };
}

function divide(bytes: Uint8Array, described: readonly { dtype: DType; shape: number[] }[]): HostTensor[] {
  let at = 0;
  return described.map(({ dtype, shape }) => {
    const length = byteLength(dtype, shape);
    at += length;
    return { dtype, shape, bytes: bytes.subarray(at - length, at) };
  });
}
