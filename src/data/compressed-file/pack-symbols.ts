import { CompressorError } from '../../support/errors.js';

/** Bits that tell the symbols of an alphabet apart; none where there is but one. */
export const bitsPerSymbol = (alphabetSize: number): number => 32 - Math.clz32(Math.max(alphabetSize, 1) - 1);

/** Symbols of `bits` each, 0 … 32, one behind the other, high bits first; the last byte is filled with zeros. */
export function packSymbols(symbols: Uint32Array, bits: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil((symbols.length * bits) / 8));
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (const symbol of symbols) {
    // In bytes of the symbol, high ones first, so that what is held never has more than 15 bits.
    for (let left = bits; left > 0; ) {
      const taken = left % 8 || 8;
      left -= taken;
      held = (held << taken) | ((symbol >>> left) & ((1 << taken) - 1));
      heldBits += taken;
      if (heldBits < 8) continue;
      heldBits -= 8;
      packed[at++] = held >>> heldBits;
      held &= (1 << heldBits) - 1;
    }
  }
  if (heldBits > 0) packed[at] = held << (8 - heldBits);
  return packed;
}

/**
 * The first `count` symbols of what `packSymbols` wrote.
 *
 * @throws CompressorError if they do not fill these bytes, or the rest of the last byte is not zero
 */
export function unpackSymbols(packed: Uint8Array, count: number, bits: number): Uint32Array {
  if (packed.length !== Math.ceil((count * bits) / 8))
    throw new CompressorError(`${count} symbols of ${bits} bits do not fill ${packed.length} bytes`);
  const symbols = new Uint32Array(count);
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < count; i++) {
    let symbol = 0;
    for (let left = bits; left > 0; ) {
      const taken = left % 8 || 8;
      left -= taken;
      if (heldBits < taken) {
        held = (held << 8) | packed[at++]!;
        heldBits += 8;
      }
      heldBits -= taken;
      symbol = (symbol << taken) | (held >>> heldBits);
      held &= (1 << heldBits) - 1;
    }
    symbols[i] = symbol >>> 0;
  }
  if (held !== 0) throw new CompressorError('the bits behind the last symbol are not zero');
  return symbols;
}
