import { decodeBase64, encodeBase64 } from '../support/base64.js';
import { CompressorError } from '../support/errors.js';
import { refuseSymbol, refuseTruncated, symbolsPerWindow } from './code-symbols.js';

/**
 * The record field of the published pipeline, `m1_ac_ow16` and the like: base64 of pseudo-bytes of 9 bits. Those below 256
 * are bytes as they are, 256 + v is a byte v of coded text. A window of τ bits is left-aligned in whole pseudo-bytes, high
 * ones first, the bits that are left over zero. Symbols are those of sparse codes, τ/N of N bits for a window.
 */
export interface ReferenceFormat {
  windowBits: number;
  symbolBits: number;
}

export interface ReadOptions {
  /** Drops what the published reader drops, instead of refusing it: coded bytes that do not fill a window, bits left over. */
  lenient?: boolean;
}

const CODED = 256;

/** @throws CompressorError for a symbol out of range and for a window that is not whole, naming the symbol's position */
export function writeReferenceField(symbols: Uint32Array, format: ReferenceFormat): string {
  return encodeBase64(packNines(pseudoBytesOf(symbols, format)));
}

/**
 * @throws CompressorError, unless `lenient`, for a span of coded bytes that does not fill its last window and for bits behind
 *   a window that are not zero, each with its place; and for a text that is no base64 of pseudo-bytes
 */
export function readReferenceField(
  text: string,
  format: ReferenceFormat,
  { lenient = false }: ReadOptions = {},
): Uint32Array {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw damaged('the codes are not base64');
  const pseudoBytes = unpackNines(bytes);
  // Nine bits are more than the eight at most that fill the last byte: every length has one number of bytes.
  if (!lenient && packedLength(pseudoBytes.length) !== bytes.length)
    throw damaged(`${bytes.length} bytes are no whole number of codes of 9 bits`);
  return symbolsOf(pseudoBytes, format, lenient);
}

function damaged(what: string): CompressorError {
  return new CompressorError(what, {
    hint: 'The file was damaged or written by another program; make the codes again.',
  });
}

function packedLength(values: number): number {
  return Math.ceil((9 * values) / 8);
}

/** 9-bit numbers behind each other, low bits first; the last byte is filled up with zeros. */
export function packNines(values: Uint16Array): Uint8Array {
  const packed = new Uint8Array(packedLength(values.length));
  let held = 0;
  let bits = 0;
  let to = 0;
  for (let at = 0; at < values.length; at++) {
    held |= values[at]! << bits;
    // Nine come and eight go: the bits that stay are one more, until there are eight to go as well.
    packed[to++] = held;
    held >>>= 8;
    if (++bits === 8) {
      packed[to++] = held;
      held = 0;
      bits = 0;
    }
  }
  if (bits > 0) packed[to] = held;
  return packed;
}

/** The numbers that `packNines` packed; fewer than nine bits at the end are none. */
export function unpackNines(packed: Uint8Array): Uint16Array {
  const values = new Uint16Array(Math.floor((8 * packed.length) / 9));
  for (let at = 0, bit = 0; at < values.length; at++, bit += 9) {
    const byte = bit >>> 3;
    values[at] = ((packed[byte]! | (packed[byte + 1]! << 8)) >>> (bit & 7)) & 0x1ff;
  }
  return values;
}

function pseudoBytesOf(symbols: Uint32Array, format: ReferenceFormat): Uint16Array {
  const { symbolBits, windowBits } = format;
  const perWindow = symbolsPerWindow(windowBits, { symbolBits, numbering: 'sparse' });
  const limit = CODED + 2 ** symbolBits;
  const codedBytes = Math.ceil(windowBits / 8);
  let literals = 0;
  for (let at = 0; at < symbols.length; at++) if (symbols[at]! < CODED) literals++;
  const values = new Uint16Array(literals + Math.ceil((symbols.length - literals) / perWindow) * codedBytes);
  let to = 0;
  for (let at = 0; at < symbols.length; ) {
    if (symbols[at]! < CODED) {
      values[to++] = symbols[at++]!;
      continue;
    }
    const start = at;
    let held = 0;
    let bits = 0;
    for (const end = at + perWindow; at < end; at++) {
      if (at === symbols.length) refuseTruncated(start, at - start, perWindow, 'the symbols end');
      const symbol = symbols[at]!;
      if (symbol < CODED) refuseTruncated(start, at - start, perWindow, 'a literal follows');
      if (symbol >= limit) refuseSymbol(symbol, at, limit);
      held = (held << symbolBits) | (symbol - CODED);
      for (bits += symbolBits; bits >= 8; bits -= 8) values[to++] = CODED + ((held >>> (bits - 8)) & 0xff);
      held &= 0xff;
    }
    if (bits > 0) values[to++] = CODED + ((held << (8 - bits)) & 0xff);
  }
  return values;
}

function symbolsOf(values: Uint16Array, { symbolBits, windowBits }: ReferenceFormat, lenient: boolean): Uint32Array {
  const perWindow = symbolsPerWindow(windowBits, { symbolBits, numbering: 'sparse' });
  const codedBytes = Math.ceil(windowBits / 8);
  const spareBits = 8 * codedBytes - windowBits;
  const mask = 2 ** symbolBits - 1;
  const symbols = new Uint32Array(Math.max(values.length, Math.ceil((values.length / codedBytes) * perWindow)));
  let to = 0;
  for (let at = 0; at < values.length; ) {
    if (values[at]! < CODED) {
      symbols[to++] = values[at++]!;
      continue;
    }
    const start = at;
    while (at < values.length && values[at]! >= CODED) at++;
    const rest = (at - start) % codedBytes;
    if (rest > 0 && !lenient)
      throw unfilled(
        `the ${at - start} coded bytes at offset ${start} do not fill windows of ${windowBits} bits: ${rest} of ${codedBytes} bytes are left over`,
      );
    for (let unit = start; unit < at - rest; unit += codedBytes) {
      let held = 0;
      let bits = 0;
      let left = perWindow;
      for (let byte = unit; byte < unit + codedBytes; byte++) {
        held = (held << 8) | (values[byte]! - CODED);
        for (bits += 8; bits >= symbolBits && left > 0; bits -= symbolBits, left--)
          symbols[to++] = CODED + ((held >>> (bits - symbolBits)) & mask);
        held &= 2 ** bits - 1;
      }
      if (held !== 0 && !lenient)
        throw unfilled(
          `the window at offset ${unit} has bits set behind its ${windowBits}: the last ${spareBits} of ${8 * codedBytes} must be 0`,
        );
    }
  }
  return symbols.slice(0, to);
}

function unfilled(what: string): CompressorError {
  return new CompressorError(what, {
    hint: 'Were the codes made with windows of another size? The published reader drops such bits silently; `pc train --reference-lenient` does so too.',
  });
}
