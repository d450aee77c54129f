/**
 * LZW (T. Welch, "A Technique for High-Performance Data Compression", IEEE Computer 17(6), 1984).
 *
 * A code is a number: 0–255 stand for that byte, 256 (`CLEAR`) empties the dictionary, and 257 and above stand for strings
 * in the order in which they were met. Every code but the last of a dictionary adds one string: its own and the byte after it. The decoder
 * makes the same dictionary one code later, so nothing but the codes is stored.
 *
 * A model reads the codes themselves as symbols. How many bits each of them takes on the disk is told in packing.js.
 */

/** The symbol that says: the dictionary is empty from here on. It stands for no bytes. */
export const CLEAR = 256;

/** The code of the first string of a dictionary. */
const FIRST_STRING = 257;

/**
 * @typedef {object} Shape what the options say, in the terms of the algorithm
 * @property {number} alphabetSize codes are below it
 * @property {number} codesPerDictionary codes after which CLEAR is due, or Infinity
 * @property {(bytes: number) => number} mostCodes an upper bound of the codes of so many bytes
 */

/**
 * @param {{ maxBits: number, whenFull: 'reset' | 'freeze' }} options
 * @returns {Shape}
 */
export function shapeOf({ maxBits, whenFull }) {
  const alphabetSize = 2 ** maxBits;
  const codesPerDictionary = whenFull === 'reset' ? alphabetSize - FIRST_STRING : Infinity;
  return {
    alphabetSize,
    codesPerDictionary,
    mostCodes: (bytes) => bytes + Math.floor(bytes / codesPerDictionary),
  };
}

/**
 * The codes of some bytes, by the longest match at each place, and which bytes each of them stands for: none for CLEAR.
 *
 * @param {Uint8Array} bytes
 * @param {Shape} shape
 * @returns {Generator<import('proxy-compression/plugin').Segment>}
 */
export function* segmentsOf(bytes, { alphabetSize, codesPerDictionary }) {
  if (bytes.length === 0) return;
  /** The code of a string, by the code of all but its last byte, times 256, plus that byte. */
  const dictionary = new Map();
  let symbol = bytes[0];
  let byteStart = 0;
  for (let byteEnd = 1; byteEnd < bytes.length; byteEnd++) {
    const byte = bytes[byteEnd];
    const string = symbol * 256 + byte;
    const known = dictionary.get(string);
    if (known !== undefined) {
      symbol = known;
      continue;
    }
    yield { symbol, byteStart, byteEnd };
    if (FIRST_STRING + dictionary.size < alphabetSize) dictionary.set(string, FIRST_STRING + dictionary.size);
    if (dictionary.size === codesPerDictionary) {
      yield { symbol: CLEAR, byteStart: byteEnd, byteEnd };
      dictionary.clear();
    }
    symbol = byte;
    byteStart = byteEnd;
  }
  yield { symbol, byteStart, byteEnd: bytes.length };
}

/**
 * The bytes of some codes. Codes that are not the longest match are decoded, too: `segmentsOf` never gives them, but a model may.
 *
 * @param {Uint32Array} codes
 * @param {Shape} shape
 * @param {(what: string) => never} refuse called for a code that means nothing at its place
 * @returns {Uint8Array}
 */
export function bytesOf(codes, { alphabetSize, codesPerDictionary }, refuse) {
  const strings = new StringTable(alphabetSize);
  const output = new GrowingBytes(4 * codes.length);
  /** Codes since the dictionary was empty, of which each but the first made a string. */
  let count = 0;
  let previous = 0;
  for (const [position, code] of codes.entries()) {
    if (count === codesPerDictionary) {
      if (code !== CLEAR)
        refuse(`lzw symbol ${code} at position ${position} should be ${CLEAR}: the dictionary is full`);
      count = 0;
      continue;
    }
    // The string that the previous code began is completed by the first byte of this one, which may be that very string.
    const completed = FIRST_STRING + count - 1;
    const known = count === 0 ? 256 : Math.min(completed + 1, alphabetSize);
    if (code === CLEAR || code >= known)
      refuse(`lzw symbol ${code} at position ${position} stands for nothing there: ${known} are known`);
    if (count > 0 && completed < alphabetSize)
      strings.add(completed, previous, strings.first[code === completed ? previous : code]);
    strings.write(code, output.extend(strings.length[code]));
    previous = code;
    count++;
  }
  if (count === 0 && codes.length > 0) refuse(`lzw symbols end with ${CLEAR}, which begins a dictionary`);
  return output.bytes();
}

/** Strings by their codes, each as another one and a byte. */
class StringTable {
  /** @param {number} size codes are below it */
  constructor(size) {
    this.length = new Uint32Array(size).fill(1, 0, 256);
    this.first = new Uint8Array(size);
    this.last = new Uint8Array(size);
    for (let byte = 0; byte < 256; byte++) this.first[byte] = this.last[byte] = byte;
    this.prefix = new Uint16Array(size);
  }

  /**
   * @param {number} code
   * @param {number} prefix code of all but the last byte
   * @param {number} byte
   */
  add(code, prefix, byte) {
    this.prefix[code] = prefix;
    this.last[code] = byte;
    this.first[code] = this.first[prefix];
    this.length[code] = this.length[prefix] + 1;
  }

  /**
   * @param {number} code
   * @param {Uint8Array} target of the string's length
   */
  write(code, target) {
    let rest = code;
    for (let at = target.length - 1; at >= 0; at--) {
      target[at] = this.last[rest];
      rest = this.prefix[rest];
    }
  }
}

/** Bytes whose number is not known beforehand. */
class GrowingBytes {
  /** @param {number} capacity bytes to expect */
  constructor(capacity) {
    this.buffer = new Uint8Array(capacity);
    this.length = 0;
  }

  /**
   * The next bytes, for the caller to fill.
   *
   * @param {number} count
   */
  extend(count) {
    const end = this.length + count;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.buffer.length));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    const start = this.length;
    this.length = end;
    return this.buffer.subarray(start, end);
  }

  bytes() {
    return this.buffer.slice(0, this.length);
  }
}
