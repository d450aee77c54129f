import { createHash } from 'node:crypto';
import type { TextSample } from './counts-sample.js';

/**
 * Distributions of a byte after the last two, one and no bytes, at all positions of a sample: what stands in for strings
 * that were seen too seldom to know what follows them.
 */
export interface ShortContexts {
  /**
   * P(next byte | the last bytes of `prefix`), after Witten and Bell: each order gives the next lower one the weight of
   * the distinct bytes that it has seen, and the lowest the uniform distribution.
   *
   * @param into [256], overwritten
   */
  after(prefix: Uint8Array, into: Float64Array): void;
  /** SHA-256 of the counts. */
  readonly fingerprint: string;
}

/** Orders 2, 1 and 0, one behind the other: [65,536 + 256 + 1] rows of 256 counts. */
const ROWS = 65_536 + 256 + 1;
const FIRST_ORDER_1 = 65_536;
const ORDER_0 = 65_536 + 256;

export function countShortContexts({ bytes, ends }: TextSample): ShortContexts {
  const counts = new Uint32Array(ROWS * 256);
  /** Rows of order 2 with any count: of a small sample most have none. */
  const seen = new Uint8Array(FIRST_ORDER_1);
  let begin = 0;
  for (const end of ends) {
    let context = 0;
    for (let position = begin; position < end; position++) {
      const byte = bytes[position]!;
      if (position >= begin + 2) {
        counts[context * 256 + byte]!++;
        seen[context] = 1;
      } else if (position === begin + 1) counts[(FIRST_ORDER_1 + (context & 0xff)) * 256 + byte]!++;
      else counts[ORDER_0 * 256 + byte]!++;
      context = ((context << 8) | byte) & 0xffff;
    }
    begin = end;
  }
  addUp(counts, seen);
  return shortContexts(counts, fingerprintOf(counts, seen));
}

/** Each position was counted in its longest order; shorter ones are sums of them. */
function addUp(counts: Uint32Array, seen: Uint8Array): void {
  for (let context = 0; context < FIRST_ORDER_1; context++)
    if (seen[context] === 1) addRow(counts, context, FIRST_ORDER_1 + (context & 0xff));
  for (let context = 0; context < 256; context++) addRow(counts, FIRST_ORDER_1 + context, ORDER_0);
}

function addRow(counts: Uint32Array, from: number, to: number): void {
  for (let byte = 0; byte < 256; byte++) counts[to * 256 + byte]! += counts[from * 256 + byte]!;
}

function shortContexts(counts: Uint32Array, fingerprint: string): ShortContexts {
  // Orders 0 and 1 as distributions; of order 2 there are too many.
  const order0 = new Float64Array(256).fill(1 / 256);
  interpolate(counts, ORDER_0, order0);
  const order1 = new Float64Array(65_536);
  for (let context = 0; context < 256; context++) {
    const row = order1.subarray(context * 256, context * 256 + 256);
    row.set(order0);
    interpolate(counts, FIRST_ORDER_1 + context, row);
  }
  return {
    fingerprint,
    after(prefix, into) {
      const { length } = prefix;
      if (length === 0) {
        into.set(order0);
        return;
      }
      const last = prefix[length - 1]!;
      into.set(order1.subarray(last * 256, last * 256 + 256));
      if (length > 1) interpolate(counts, prefix[length - 2]! * 256 + last, into);
    },
  };
}

/** Of the rows of order 2 with any count, each behind its number, and of all others. */
function fingerprintOf(counts: Uint32Array, seen: Uint8Array): string {
  const hash = createHash('sha256');
  for (let context = 0; context < FIRST_ORDER_1; context++) {
    if (seen[context] === 0) continue;
    hash.update(Uint32Array.of(context)).update(counts.subarray(context * 256, context * 256 + 256));
  }
  return hash.update(counts.subarray(FIRST_ORDER_1 * 256)).digest('hex');
}

/** Makes of a lower order's distribution that of a row of counts. */
function interpolate(counts: Uint32Array, row: number, distribution: Float64Array): void {
  let [sum, distinct] = [0, 0];
  for (let index = row * 256; index < row * 256 + 256; index++) {
    const count = counts[index]!;
    sum += count;
    if (count > 0) distinct++;
  }
  if (sum === 0) return;
  for (let byte = 0; byte < 256; byte++)
    distribution[byte] = (counts[row * 256 + byte]! + distinct * distribution[byte]!) / (sum + distinct);
}
