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
    scoreGroup(queries, cache.keys, head, lane, scores);
    for (let one = lane; one < lane + LANE_GROUP; one++) softmax(scores, head, one);
    mixGroup(scores, cache, head, lane, output);
  }
  for (; lane < lanes; lane++) {
    scoreLane(queries, cache.keys, head, lane, scores);
    softmax(scores, head, lane);
    mixLane(scores, cache, head, lane, output);
  }
}

/** scores[t] = Σ_j query[j] · key[t, j] */
function scoreGroup(
  queries: Float64Array,
  keys: Float32Array,
  { from, size, visible, lanes }: Head,
  lane: number,
  scores: Float64Array,
): void {
  const width = queries.length / lanes;
  for (let t = 0; t < visible; t++) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    let s6 = 0;
    let s7 = 0;
    let q = from * lanes + lane;
    let k = (t * width + from) * lanes + lane;
    for (let j = 0; j < size; j++) {
      s0 += queries[q]! * keys[k]!;
      s1 += queries[q + 1]! * keys[k + 1]!;
      s2 += queries[q + 2]! * keys[k + 2]!;
      s3 += queries[q + 3]! * keys[k + 3]!;
      s4 += queries[q + 4]! * keys[k + 4]!;
      s5 += queries[q + 5]! * keys[k + 5]!;
      s6 += queries[q + 6]! * keys[k + 6]!;
      s7 += queries[q + 7]! * keys[k + 7]!;
      q += lanes;
      k += lanes;
    }
    const to = t * lanes + lane;
    scores[to] = s0;
    scores[to + 1] = s1;
    scores[to + 2] = s2;
    scores[to + 3] = s3;
    scores[to + 4] = s4;
    scores[to + 5] = s5;
    scores[to + 6] = s6;
    scores[to + 7] = s7;
  }
}

function scoreLane(
  queries: Float64Array,
  keys: Float32Array,
  { from, size, visible, lanes }: Head,
  lane: number,
  scores: Float64Array,
): void {
  const width = queries.length / lanes;
  for (let t = 0; t < visible; t++) {
    let score = 0;
    let q = from * lanes + lane;
    let k = (t * width + from) * lanes + lane;
    for (let j = 0; j < size; j++) {
      score += queries[q]! * keys[k]!;
      q += lanes;
      k += lanes;
    }
    scores[t * lanes + lane] = score;
  }
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
function mixGroup(
  weights: Float64Array,
  { values, capacity }: Cache,
  { from, size, visible, lanes }: Head,
  lane: number,
  output: Float64Array,
): void {
  for (let d = from; d < from + size; d++) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    let s6 = 0;
    let s7 = 0;
    let w = lane;
    let v = d * capacity * lanes + lane;
    for (let t = 0; t < visible; t++) {
      s0 += weights[w]! * values[v]!;
      s1 += weights[w + 1]! * values[v + 1]!;
      s2 += weights[w + 2]! * values[v + 2]!;
      s3 += weights[w + 3]! * values[v + 3]!;
      s4 += weights[w + 4]! * values[v + 4]!;
      s5 += weights[w + 5]! * values[v + 5]!;
      s6 += weights[w + 6]! * values[v + 6]!;
      s7 += weights[w + 7]! * values[v + 7]!;
      w += lanes;
      v += lanes;
    }
    const to = d * lanes + lane;
    output[to] = s0;
    output[to + 1] = s1;
    output[to + 2] = s2;
    output[to + 3] = s3;
    output[to + 4] = s4;
    output[to + 5] = s5;
    output[to + 6] = s6;
    output[to + 7] = s7;
  }
}

function mixLane(
  weights: Float64Array,
  { values, capacity }: Cache,
  { from, size, visible, lanes }: Head,
  lane: number,
  output: Float64Array,
): void {
  for (let d = from; d < from + size; d++) {
    let sum = 0;
    let v = d * capacity * lanes + lane;
    for (let t = 0, w = lane; t < visible; t++, w += lanes, v += lanes) sum += weights[w]! * values[v]!;
    output[d * lanes + lane] = sum;
  }
}
