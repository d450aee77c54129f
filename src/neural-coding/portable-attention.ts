import { exponential, squareRoot } from './portable-arithmetic.js';
import { LANE_GROUP } from './portable-kernels.js';

/** Causal attention over several contexts at once, by the rules of `portable-kernels.ts`: every sum in ascending order, lane by lane. */

/** What one layer's attention reads: the keys and values of the positions so far. */
export interface Cache {
  /** [positions, width, lanes], rounded to single precision: they are read far more often than written. */
  keys: Float32Array;
  /** [width, positions, lanes] */
  values: Float32Array;
  /** Positions that there is room for. */
  capacity: number;
}

/** One head of one layer's attention at one position. */
export interface Head {
  /** First dimension of the head, and how many it has. */
  from: number;
  size: number;
  /** Positions that it looks at: all up to its own. */
  visible: number;
  lanes: number;
}

/**
 * The attention of one head at one position to all positions up to it.
 *
 * @param queries [width, lanes], of all heads
 * @param scores room for [positions, lanes]
 * @param output receives the head's dimensions of [width, lanes]
 */
export function attend(
  queries: Float64Array,
  cache: Cache,
  head: Head,
  scores: Float64Array,
  output: Float64Array,
): void {
  const { lanes } = head;
  let lane = 0;
  for (; lane + LANE_GROUP <= lanes; lane += LANE_GROUP) {
    score(queries, cache.keys, head, lane, dotOfGroup, scores);
    for (let one = lane; one < lane + LANE_GROUP; one++) softmax(scores, head, one);
    mix(scores, cache, head, lane, dotOfGroup, output);
  }
  for (; lane < lanes; lane++) {
    score(queries, cache.keys, head, lane, dotOfLane, scores);
    softmax(scores, head, lane);
    mix(scores, cache, head, lane, dotOfLane, output);
  }
}

/** scores[t] = Σ_j query[j] · key[t, j] */
function score(
  queries: Float64Array,
  keys: Float32Array,
  { from, size, visible, lanes }: Head,
  lane: number,
  dot: Dot,
  scores: Float64Array,
): void {
  const width = queries.length / lanes;
  for (let t = 0; t < visible; t++)
    dot(queries, from * lanes + lane, keys, (t * width + from) * lanes + lane, size, lanes, scores, t * lanes + lane);
}

/** Turns one lane's scores, times size^−½, into weights that sum to 1. */
function softmax(scores: Float64Array, { size, visible, lanes }: Head, lane: number): void {
  const scale = 1 / squareRoot(size);
  const end = visible * lanes;
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = lane; at < end; at += lanes) if (scores[at]! > highest) highest = scores[at]!;
  let total = 0;
  for (let at = lane; at < end; at += lanes) {
    const weight = exponential((scores[at]! - highest) * scale);
    scores[at] = weight;
    total += weight;
  }
  const share = 1 / total;
  for (let at = lane; at < end; at += lanes) scores[at]! *= share;
}

/** output[d] = Σ_t weight[t] · value[d, t] */
function mix(
  weights: Float64Array,
  { values, capacity }: Cache,
  { from, size, visible, lanes }: Head,
  lane: number,
  dot: Dot,
  output: Float64Array,
): void {
  for (let d = from; d < from + size; d++)
    dot(weights, lane, values, d * capacity * lanes + lane, visible, lanes, output, d * lanes + lane);
}

/**
 * output[to] = Σ_i left[l + i·lanes] · right[r + i·lanes], i ascending below `terms`; of one lane, or of a group of lanes
 * side by side from there on.
 */
type Dot = (
  left: Float64Array,
  l: number,
  right: Float32Array,
  r: number,
  terms: number,
  lanes: number,
  output: Float64Array,
  to: number,
) => void;

const dotOfGroup: Dot = (left, l, right, r, terms, lanes, output, to) => {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  for (let i = 0, a = l, b = r; i < terms; i++, a += lanes, b += lanes) {
    s0 += left[a]! * right[b]!;
    s1 += left[a + 1]! * right[b + 1]!;
    s2 += left[a + 2]! * right[b + 2]!;
    s3 += left[a + 3]! * right[b + 3]!;
    s4 += left[a + 4]! * right[b + 4]!;
    s5 += left[a + 5]! * right[b + 5]!;
    s6 += left[a + 6]! * right[b + 6]!;
    s7 += left[a + 7]! * right[b + 7]!;
  }
  output[to] = s0;
  output[to + 1] = s1;
  output[to + 2] = s2;
  output[to + 3] = s3;
  output[to + 4] = s4;
  output[to + 5] = s5;
  output[to + 6] = s6;
  output[to + 7] = s7;
};

const dotOfLane: Dot = (left, l, right, r, terms, lanes, output, to) => {
  let sum = 0;
  for (let i = 0, a = l, b = r; i < terms; i++, a += lanes, b += lanes) sum += left[a]! * right[b]!;
  output[to] = sum;
};
