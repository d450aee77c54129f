import { exponential, squareRoot } from './portable-arithmetic.js';

/**
 * The arithmetic of a Transformer over several contexts at once. Vectors are [dimension, lanes]: one number a context side by
 * side, so that a weight that has been read serves all of them. Every sum runs over its index in ascending order, from zero,
 * whatever the number of lanes: a context has the same bits alone and in company.
 */

/** Lanes whose sums are in registers at a time. */
export const LANE_GROUP = 8;

/** output[o] = Σ_i weights[o, i] · input[i] for each lane; weights are [outputs, inputs]. */
export function dense(weights: Float64Array, input: Float64Array, output: Float64Array, lanes: number): void {
  const inputs = input.length / lanes;
  const outputs = output.length / lanes;
  let lane = 0;
  for (; lane + LANE_GROUP <= lanes; lane += LANE_GROUP)
    denseGroup(weights, input, output, { lanes, lane, inputs, outputs });
  for (; lane < lanes; lane++) denseLane(weights, input, output, { lanes, lane, inputs, outputs });
}

interface Shape {
  lanes: number;
  /** The first lane of the work. */
  lane: number;
  inputs: number;
  outputs: number;
}

function denseGroup(
  weights: Float64Array,
  input: Float64Array,
  output: Float64Array,
  { lanes, lane, inputs, outputs }: Shape,
): void {
  for (let o = 0; o < outputs; o++) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    let s5 = 0;
    let s6 = 0;
    let s7 = 0;
    const end = (o + 1) * inputs;
    let at = lane;
    for (let w = o * inputs; w < end; w++) {
      const weight = weights[w]!;
      s0 += weight * input[at]!;
      s1 += weight * input[at + 1]!;
      s2 += weight * input[at + 2]!;
      s3 += weight * input[at + 3]!;
      s4 += weight * input[at + 4]!;
      s5 += weight * input[at + 5]!;
      s6 += weight * input[at + 6]!;
      s7 += weight * input[at + 7]!;
      at += lanes;
    }
    const to = o * lanes + lane;
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

/** One lane: four outputs at a time, each with its own sum, so that additions do not wait for one another. */
function denseLane(
  weights: Float64Array,
  input: Float64Array,
  output: Float64Array,
  { lanes, lane, inputs, outputs }: Shape,
): void {
  let o = 0;
  for (; o + 4 <= outputs; o += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    const row = o * inputs;
    for (let i = 0; i < inputs; i++) {
      const x = input[i * lanes + lane]!;
      s0 += weights[row + i]! * x;
      s1 += weights[row + inputs + i]! * x;
      s2 += weights[row + 2 * inputs + i]! * x;
      s3 += weights[row + 3 * inputs + i]! * x;
    }
    const to = o * lanes + lane;
    output[to] = s0;
    output[to + lanes] = s1;
    output[to + 2 * lanes] = s2;
    output[to + 3 * lanes] = s3;
  }
  for (; o < outputs; o++) {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += weights[o * inputs + i]! * input[i * lanes + lane]!;
    output[o * lanes + lane] = sum;
  }
}

/** output = x · (mean(x²) + ε)^−½ · weight. */
export function rmsNorm(
  x: Float64Array,
  weight: Float64Array,
  epsilon: number,
  output: Float64Array,
  lanes: number,
): void {
  const size = weight.length;
  for (let lane = 0; lane < lanes; lane++) {
    let squares = 0;
    for (let at = lane; at < x.length; at += lanes) squares += x[at]! * x[at]!;
    const inverse = 1 / squareRoot(squares / size + epsilon);
    for (let i = 0, at = lane; i < size; i++, at += lanes) output[at] = x[at]! * inverse * weight[i]!;
  }
}

/** gate ← silu(gate) · up. */
export function gateByUp(gate: Float64Array, up: Float64Array): void {
  for (let i = 0; i < gate.length; i++) gate[i] = (gate[i]! / (1 + exponential(-gate[i]!))) * up[i]!;
}

export function addTo(sum: Float64Array, terms: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += terms[i]!;
}
