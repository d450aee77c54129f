/**
 * numpy's SeedSequence (M. O'Neill's "seed_seq alternative"): spreads any number of integers over as many well-mixed
 * 32-bit words as a generator asks for. All arithmetic is modulo 2^32.
 */
const POOL_SIZE = 4;
const INIT_A = 0x43b0d7e5;
const MULT_A = 0x931e8875;
const MIX_LEFT = 0xca01f9dd;
const MIX_RIGHT = 0x4973f715;
const INIT_B = 0x8b51f9dd;
const MULT_B = 0x58f38ded;

/**
 * `count` unsigned 32-bit words that depend on every entropy integer and on their order.
 *
 * @throws RangeError if an entropy value is negative or not an integer, or a number that doubles cannot hold exactly.
 */
export function seedSequence(entropy: readonly (number | bigint)[], count: number): Uint32Array {
  const pool = mixedPool(entropy.flatMap(littleEndianWords));
  const hash = hasher(INIT_B, MULT_B);
  return Uint32Array.from({ length: count }, (_, index) => hash(pool[index % POOL_SIZE]!));
}

function mixedPool(entropy: readonly number[]): Int32Array {
  const hash = hasher(INIT_A, MULT_A);
  const pool = Int32Array.from({ length: POOL_SIZE }, (_, index) => hash(entropy[index] ?? 0));
  for (let from = 0; from < POOL_SIZE; from++) {
    for (let to = 0; to < POOL_SIZE; to++) {
      if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
    }
  }
  for (const word of entropy.slice(POOL_SIZE)) {
    for (let to = 0; to < POOL_SIZE; to++) pool[to] = mix(pool[to]!, hash(word));
  }
  return pool;
}

/** A multiplicative hash whose constant advances with every call, so that equal words hash differently. */
function hasher(initial: number, multiplier: number): (word: number) => number {
  let constant = initial;
  return (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, multiplier);
    const product = Math.imul(mixed, constant);
    return product ^ (product >>> 16);
  };
}

function mix(x: number, y: number): number {
  const result = Math.imul(MIX_LEFT, x) - Math.imul(MIX_RIGHT, y);
  return result ^ ((result | 0) >>> 16);
}

function littleEndianWords(value: number | bigint): number[] {
  if (value < 0 || (typeof value === 'number' && !Number.isSafeInteger(value))) {
    throw new RangeError(`a seed must be a non-negative integer, got ${value}`);
  }
  const words: number[] = [];
  let rest = BigInt(value);
  do {
    words.push(Number(rest & 0xffffffffn));
    rest >>= 32n;
  } while (rest > 0n);
  return words;
}
