/**
 * Models of the next byte, as window coders use them. A model sees what its window holds so far and nothing before it, so
 * that a window can be coded, and a codebook compiled, without the text around it.
 */

/** A float model, such as M1: what quantisation makes frequencies of. */
export interface ProbabilityModel {
  /** All that determines the probabilities: weights, shapes, engine and its version, class of the CPU. */
  readonly fingerprint: string;
  /**
   * P(next byte | prefix), renormalised over the 256 bytes, in float64.
   *
   * @param prefixes the bytes of each window so far, possibly none
   * @returns [prefixes, 256], each row summing to 1 within rounding
   */
  probabilities(prefixes: readonly Uint8Array[]): Promise<Float64Array>;
}

/** A model in integers: what windows are coded with. Every machine has the same ones where it does not come from floats. */
export interface FrequencyModel {
  readonly fingerprint: string;
  /**
   * @param prefixes the bytes of each window so far, possibly none
   * @returns [prefixes, 256], each at least 1, each row summing to 2^FREQUENCY_BITS
   */
  frequencies(prefixes: readonly Uint8Array[]): Promise<Uint32Array>;
}
