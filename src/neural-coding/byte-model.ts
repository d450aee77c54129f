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
  /**
   * The run that computes what follows a prefix of `length` bytes; of models that compute so many prefixes at a time,
   * whether they are asked for or not.
   */
  runOf?(length: number): PrefixRun;
}

/** What a model computes at a time: `rows` prefixes of `shortest` … `longest` bytes. */
export interface PrefixRun {
  readonly shortest: number;
  readonly longest: number;
  readonly rows: number;
}

/** A model in integers: what windows are coded with. Every machine has the same ones where it does not come from floats. */
export interface FrequencyModel {
  readonly fingerprint: string;
  /**
   * @param prefixes the bytes of each window so far, possibly none
   * @returns [prefixes, 256], each at least 1, each row summing to 2^FREQUENCY_BITS
   */
  frequencies(prefixes: readonly Uint8Array[]): Promise<Uint32Array>;
  /** The same with the probabilities that they were rounded from; models that begin as integers have none. */
  rounded?(prefixes: readonly Uint8Array[]): Promise<Rounded>;
  /** As of a `ProbabilityModel`. */
  runOf?(length: number): PrefixRun;
}

/** [prefixes, 256] each. */
export interface Rounded {
  frequencies: Uint32Array;
  probabilities: Float64Array;
}

/** A trained model of bytes, such as M1: what windows are coded with, and how uncertain it is along whole documents. */
export interface ByteModel extends ProbabilityModel {
  /** Trained numbers. */
  readonly parameters: number;
  /** Bytes that it was trained to predict in a row. */
  readonly context: number;
  /**
   * h_t = H(p(· | the bytes before t that its context holds)) for every byte of every document, in bits, 0 … 8. Documents
   * do not see each other, and what they share a call with changes nothing. Calls may overlap: while one is computed, the
   * caller can read, code and write others.
   */
  entropies(documents: readonly Uint8Array[], options?: EntropyOptions): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

export interface EntropyOptions {
  /**
   * Bytes that a context shares with the one before it, less than `context`: so many bytes at least are seen before every
   * byte that has as many. 0 by default: contexts abut, and each begins knowing nothing.
   */
  overlap?: number;
}
