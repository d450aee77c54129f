import { CompressorError } from '../support/errors.js';

/**
 * Arithmetic coding in exact integers (Witten, Neal and Cleary, 1987; carries as in the range coder of Martin, 1979).
 *
 * The coder holds an interval [low, low + range) of 48-bit numbers; each symbol takes its share of it, and leading bytes
 * that are settled go out. Doubles hold all of it: range is at most 2^48, and its product with a cumulative frequency is
 * taken in two halves of 24 bits, each below 2^48. Every share is the exact floor, so what rounding costs is below 2^-15
 * of a bit for the rarest symbol and nothing that could be measured for the others.
 */

/** Bits of the largest total: frequencies of one symbol's model sum to 2^bits, bits at most this. */
const LARGEST_FREQUENCY_BITS = 24;

const WHOLE = 2 ** 48;
/** Below this the interval is widened by a byte. */
const NARROW = 2 ** 40;
const HALF_WORD = 2 ** 24;
/** Bytes that the coder's window holds. */
const WINDOW_BYTES = 6;

/** ⌊range · cumulative / 2^24⌋, exactly. */
function share(range: number, cumulative: number): number {
  const high = Math.floor(range / HALF_WORD);
  return high * cumulative + Math.floor(((range - high * HALF_WORD) * cumulative) / HALF_WORD);
}

function scaleFor(bits: number): number {
  if (Number.isInteger(bits) && bits > 0 && bits <= LARGEST_FREQUENCY_BITS) return 2 ** (LARGEST_FREQUENCY_BITS - bits);
  throw new RangeError(`frequencies of ${bits} bits; 1 to ${LARGEST_FREQUENCY_BITS} can be coded`);
}

export class ArithmeticEncoder {
  private readonly scale: number;
  private bytes = new Uint8Array(1024);
  private length = 0;
  private low = 0;
  private range = WHOLE;
  /** The last byte that a carry may still raise, −1 before there is one, and the bytes of 255 behind it. */
  private held = -1;
  private runOf255 = 0;

  /** @param bits of the total: the frequencies of every symbol's model sum to 2^bits */
  constructor(bits: number) {
    this.scale = scaleFor(bits);
  }

  /**
   * Codes one symbol, which has the frequencies `from` … `to` − 1 of the total.
   *
   * @throws RangeError for an empty share
   */
  encode(from: number, to: number): void {
    if (!(from >= 0 && from < to)) throw new RangeError(`the share from ${from} to ${to} of the frequencies is empty`);
    const start = share(this.range, from * this.scale);
    const end = share(this.range, to * this.scale);
    this.low += start;
    this.range = end - start;
    if (this.low >= WHOLE) {
      this.low -= WHOLE;
      this.carry();
    }
    while (this.range < NARROW) {
      this.shift();
      this.range *= 256;
    }
  }

  /** The code: a number of the interval with one byte more than are settled, as if zeros came behind. The coder is spent. */
  finish(): Uint8Array {
    // As the interval is at least as long as the unit, one multiple of it lies within.
    this.low = Math.ceil(this.low / NARROW) * NARROW;
    if (this.low >= WHOLE) {
      this.low -= WHOLE;
      this.carry();
    }
    this.shift();
    this.release();
    return this.bytes.slice(0, this.length);
  }

  /** Moves the leading byte of `low` out. */
  private shift(): void {
    const byte = Math.floor(this.low / NARROW);
    this.low = (this.low - byte * NARROW) * 256;
    if (byte === 255) {
      this.runOf255++;
      return;
    }
    this.release();
    this.held = byte;
  }

  /** Writes what no carry can reach any more. */
  private release(): void {
    if (this.held >= 0) this.push(this.held);
    for (; this.runOf255 > 0; this.runOf255--) this.push(255);
  }

  /** Adds one to the number written so far. It never overflows: all of it stays below the end of the first interval. */
  private carry(): void {
    this.held++;
    if (this.runOf255 === 0) return;
    this.push(this.held);
    for (; this.runOf255 > 1; this.runOf255--) this.push(0);
    this.runOf255 = 0;
    this.held = 0;
  }

  private push(byte: number): void {
    if (this.length === this.bytes.length) {
      const longer = new Uint8Array(2 * this.length);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes[this.length++] = byte;
  }
}

export class ArithmeticDecoder {
  private readonly scale: number;
  private position = 0;
  /** The code's place within the interval: always below `range`, whatever bytes are read. */
  private offset = 0;
  private range = WHOLE;

  /** @param bits as the encoder had it */
  constructor(
    private readonly code: Uint8Array,
    bits: number,
  ) {
    this.scale = scaleFor(bits);
    for (let i = 0; i < WINDOW_BYTES; i++) this.offset = this.offset * 256 + this.next();
  }

  /**
   * The next symbol: the s with C[s] ≤ code < C[s + 1] for the cumulative frequencies C of the symbols 0 … count − 1.
   *
   * @param cumulative holds C[0] = 0 … C[count] = 2^bits from `at` on
   * @throws CompressorError if the code has ended before: it was cut short
   */
  decode(cumulative: Uint32Array, at: number, count: number): number {
    if (this.position >= this.code.length + WINDOW_BYTES)
      throw new CompressorError('the arithmetic code ends before its text does', {
        hint: 'It was damaged or cut short.',
      });
    let symbol = 0;
    let beyond = count;
    while (beyond - symbol > 1) {
      const middle = (symbol + beyond) >>> 1;
      if (share(this.range, cumulative[at + middle]! * this.scale) <= this.offset) symbol = middle;
      else beyond = middle;
    }
    const start = share(this.range, cumulative[at + symbol]! * this.scale);
    this.range = share(this.range, cumulative[at + symbol + 1]! * this.scale) - start;
    this.offset -= start;
    while (this.range < NARROW) {
      this.offset = this.offset * 256 + this.next();
      this.range *= 256;
    }
    return symbol;
  }

  /** The next byte of the code; zeros behind its end. */
  private next(): number {
    const byte = this.position < this.code.length ? this.code[this.position]! : 0;
    this.position++;
    return byte;
  }
}
