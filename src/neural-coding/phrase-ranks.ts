import { CompressorError } from '../support/errors.js';

/**
 * Which of the phrases that share its code a window holds, as side data of the coder `lester`: a rank is as many ones and a
 * zero, most significant bit first, behind each other; the last byte is filled up with zeros. Most ranks are 0 or 1.
 */
export function packRanks(ranks: Uint8Array): Uint8Array {
  let bits = 0;
  for (const rank of ranks) bits += rank + 1;
  const packed = new Uint8Array(Math.ceil(bits / 8));
  let at = 0;
  for (const rank of ranks) {
    for (const end = at + rank; at < end; at++) packed[at >>> 3]! |= 0x80 >>> (at & 7);
    at++;
  }
  return packed;
}

/** @throws CompressorError if the bits are not those of so many ranks */
export function unpackRanks(packed: Uint8Array, count: number): Uint8Array {
  const ranks = new Uint8Array(count);
  const end = 8 * packed.length;
  let at = 0;
  for (let index = 0; index < count; index++) {
    const start = at;
    while (at < end && (packed[at >>> 3]! & (0x80 >>> (at & 7))) !== 0) at++;
    const rank = at++ - start;
    if (at > end || rank > 255) throw refuseSide(`the side data end in the rank of window ${index} of ${count}`);
    ranks[index] = rank;
  }
  const spare = end - at;
  if (spare >= 8 || (spare > 0 && (packed[packed.length - 1]! & (0xff >>> (8 - spare))) !== 0))
    throw refuseSide(`the side data hold more than the ranks of ${count} windows`);
  return ranks;
}

export function refuseSide(what: string): CompressorError {
  return new CompressorError(what, {
    hint: 'Codes of the coder lester are decoded with the side data that were written with them.',
  });
}
