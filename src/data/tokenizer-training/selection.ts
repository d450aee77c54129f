/** Which documents are counted, which are held out. Both are shares of the documents, 0 … 1. */
export interface Selection {
  seed: number;
  sample: number;
  heldOut: number;
}

export type Fate = 'counted' | 'held out' | 'left out';

/**
 * Decided by the content alone: the same whatever reads the documents, in whatever order, and equal documents are never
 * divided between what is counted and what is held out.
 */
export function fateOf(document: Uint8Array, { seed, sample, heldOut }: Selection): Fate {
  if (sample >= 1 && heldOut <= 0) return 'counted';
  const draws = drawsOf(document, seed);
  if (draws.sample >= sample) return 'left out';
  return draws.heldOut < heldOut ? 'held out' : 'counted';
}

/** What stands for chance in these choices: two numbers in [0, 1) that the content and the seed decide. */
export function drawsOf(document: Uint8Array, seed: number): { sample: number; heldOut: number } {
  const hash = hashOf(document, seed);
  return { sample: scrambled(hash), heldOut: scrambled(hash + 1) };
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv). */
function hashOf(bytes: Uint8Array, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
  return hash;
}

/** A number in [0, 1), by the finaliser of MurmurHash3. */
function scrambled(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
