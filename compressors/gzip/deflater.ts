import {
  Z_DEFAULT_STRATEGY,
  Z_FINISH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateReset,
} from 'pako';

const DEFLATED = 8;
/** A window of 32 KiB, within a gzip member. */
const WINDOW_BITS = 15 + 16;
const MEMORY_LEVEL = 8;
/** Output that is kept for the next document; what a larger one needed is given back. */
const KEPT_BYTES = 2 ** 20;

/**
 * Makes gzip members by pako, all with the same tables. They take 300 KB and are cleared, not made anew: documents are
 * mostly smaller than that, and threads would collect garbage half as long as they compress.
 */
export class Deflater {
  private readonly stream = new ZStream();
  private output = new Uint8Array(2 ** 16);

  /** @param level 0 … 9 */
  constructor(level: number) {
    // With zlib's own hash function the result equals that of unmodified zlib, such as CPython's, byte for byte.
    const legacyHash = true;
    this.require(
      zlibDeflateInit2(this.stream, level, DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY, legacyHash),
      Z_OK,
    );
  }

  /** One member with these bytes; its own memory. */
  member(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const { stream } = this;
    const largest = mostBytes(bytes.length);
    const output = largest <= this.output.length ? this.output : new Uint8Array(largest);
    this.require(zlibDeflateReset(stream), Z_OK);
    stream.input = bytes;
    stream.next_in = 0;
    stream.avail_in = bytes.length;
    stream.output = output;
    stream.next_out = 0;
    stream.avail_out = output.length;
    this.require(zlibDeflate(stream, Z_FINISH), Z_STREAM_END);
    const member = output.slice(0, stream.next_out);
    if (output.length <= KEPT_BYTES) this.output = output;
    stream.input = NOTHING;
    stream.output = this.output;
    return member;
  }

  private require(status: number, expected: number): void {
    if (status !== expected) throw new Error(`deflate failed: ${this.stream.msg} (status ${status})`);
  }
}

const NOTHING = new Uint8Array(0);

/**
 * Bytes of the largest member of some bytes, those of RFC 1951's stored blocks, with room to spare. All goes into the
 * output at once: at level 0, zlib ends blocks where the output ends.
 */
const mostBytes = (length: number): number => length + (length >>> 10) + 64;
