import { CLEAR } from './lzw.js';

/**
 * Codes as bytes, at growing width: the codes that can stand at a place are known from the number of codes since the
 * dictionary was empty, so each takes as many bits as the largest of them, from 9 on. Most significant bit first; the last
 * byte is filled with zeros, fewer than the shortest code, so that the number of codes follows from the number of bytes.
 */
const LEAST_WIDTH = 9;

/**
 * Bits of the code after `count` codes of a dictionary. The largest one that can stand there is the string that the previous code
 * began, or CLEAR's place in a full dictionary, which is no larger.
 *
 * @param {number} count
 * @param {number} alphabetSize
 */
function widthAfter(count, alphabetSize) {
  return Math.max(LEAST_WIDTH, 32 - Math.clz32(Math.min(CLEAR + count, alphabetSize - 1)));
}

/**
 * @param {Uint32Array} codes
 * @param {import('./lzw.js').Shape} shape
 * @param {(what: string) => never} refuse called for a code that is too large for its place
 * @returns {Uint8Array}
 */
export function packCodes(codes, { alphabetSize }, refuse) {
  const packed = new Uint8Array(2 * codes.length + 1);
  let length = 0;
  let pending = 0;
  let bits = 0;
  let count = 0;
  for (const [position, code] of codes.entries()) {
    const width = widthAfter(count, alphabetSize);
    if (code >>> width !== 0) refuse(`lzw symbol ${code} at position ${position} does not fit into ${width} bits`);
    count = code === CLEAR ? 0 : count + 1;
    pending = (pending << width) | code;
    for (bits += width; bits >= 8; bits -= 8) packed[length++] = pending >>> (bits - 8);
    pending &= 0xff;
  }
  if (bits > 0) packed[length++] = pending << (8 - bits);
  return packed.subarray(0, length);
}

/**
 * @param {Uint8Array} packed
 * @param {import('./lzw.js').Shape} shape
 * @param {(what: string) => never} refuse called for bytes that `packCodes` never writes
 * @returns {Uint32Array}
 */
export function unpackCodes(packed, { alphabetSize }, refuse) {
  const codes = new Uint32Array(Math.floor((8 * packed.length) / LEAST_WIDTH));
  let length = 0;
  let pending = 0;
  let bits = 0;
  let count = 0;
  for (const byte of packed) {
    pending = (pending << 8) | byte;
    bits += 8;
    const width = widthAfter(count, alphabetSize);
    if (bits < width) continue;
    bits -= width;
    const code = pending >>> bits;
    pending &= (1 << bits) - 1;
    count = code === CLEAR ? 0 : count + 1;
    codes[length++] = code;
  }
  if (bits >= 8 || pending !== 0) refuse('the codes end within a symbol');
  return codes.slice(0, length);
}
