/** Frequencies of a stream's bytes sum to 2^this: finer than those of windows, since no codebook has to hold them. */
export const STREAM_FREQUENCY_BITS = 24;

const BYTES = 256;
const TOTAL = 2 ** STREAM_FREQUENCY_BITS;

/**
 * Turns the distribution of one byte into cumulative frequencies: f[b] = 1 + ⌊p[b] · (2^24 − 256)⌋, and what is left of the
 * total goes to the most probable byte (the lowest of several). Every byte is possible, and multiplication and floor are
 * the same on every machine.
 *
 * @param probabilities [.., 256], rows that sum to 1 within rounding
 * @param row which of them
 * @param cumulative [.., 257]: receives C[0] = 0 … C[256] = 2^24 in that row
 */
export function cumulativeFrequencies(probabilities: Float64Array, row: number, cumulative: Uint32Array): void {
  const from = row * BYTES;
  const to = row * (BYTES + 1);
  let most = 0;
  let left = TOTAL;
  for (let byte = 0; byte < BYTES; byte++) {
    const probability = probabilities[from + byte]!;
    if (probability > probabilities[from + most]!) most = byte;
    const frequency = 1 + Math.floor(probability * (TOTAL - BYTES));
    left -= frequency;
    cumulative[to + byte + 1] = frequency;
  }
  cumulative[to + most + 1]! += left;
  cumulative[to] = 0;
  for (let byte = 0; byte < BYTES; byte++) cumulative[to + byte + 1]! += cumulative[to + byte]!;
}
