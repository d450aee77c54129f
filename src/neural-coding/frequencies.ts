import { CodebookError } from '../support/errors.js';
import type { FrequencyModel, ProbabilityModel, Rounded } from './byte-model.js';
import { FREQUENCY_BITS, FREQUENCY_SUM } from './parameters.js';

export const BYTES = 256;

/** How far a row of probabilities may be from 1: far above what adding 256 doubles loses, far below one frequency. */
const TOLERANCE = 1e-9;

/**
 * Bits that the frequencies of the first byte are drawn from: min(τ, F). Scaled up to 2^F they are multiples of a cell, so
 * that every byte alone holds a cell of the window, however improbable it is.
 */
function firstByteBits(windowBits: number): number {
  return Math.min(windowBits, FREQUENCY_BITS);
}

/**
 * Integer frequencies of probabilities: f[b] = 1 + ⌊p[b]·(2^bits − 256)⌋, then one more for each of the largest remainders,
 * the lower byte first where they are equal, until the sum is 2^bits.
 *
 * @param probabilities [n, 256], rows that sum to 1
 * @param bits of the sum: F, or fewer for the first byte of a window
 * @returns [n, 256], each at least 1, each row summing to 2^bits
 * @throws CodebookError for a row that is no distribution
 */
export function quantise(probabilities: Float64Array, bits = FREQUENCY_BITS): Uint32Array {
  const frequencies = new Uint32Array(probabilities.length);
  const remainders = new Float64Array(BYTES);
  const scale = 2 ** bits - BYTES;
  for (let row = 0; row < probabilities.length; row += BYTES) {
    checkDistribution(probabilities, row);
    let missing = scale;
    for (let byte = 0; byte < BYTES; byte++) {
      const scaled = probabilities[row + byte]! * scale;
      const whole = Math.floor(scaled);
      frequencies[row + byte] = 1 + whole;
      remainders[byte] = scaled - whole;
      missing -= whole;
    }
    raiseLargest(frequencies, row, remainders, missing);
  }
  return frequencies;
}

/** Adds 1 to the `count` frequencies with the largest remainders. */
function raiseLargest(frequencies: Uint32Array, row: number, remainders: Float64Array, count: number): void {
  if (count === 0) return;
  const threshold = remainders.toSorted()[BYTES - count]!;
  let left = count;
  for (let byte = 0; byte < BYTES; byte++) {
    if (remainders[byte]! <= threshold) continue;
    frequencies[row + byte]!++;
    left--;
  }
  for (let byte = 0; left > 0; byte++) {
    if (remainders[byte] !== threshold) continue;
    frequencies[row + byte]!++;
    left--;
  }
}

function checkDistribution(probabilities: Float64Array, row: number): void {
  let sum = 0;
  for (let byte = 0; byte < BYTES; byte++) {
    const probability = probabilities[row + byte]!;
    if (!(probability >= 0)) throw notADistribution(`gives byte ${byte} the probability ${probability}`);
    sum += probability;
  }
  if (!(Math.abs(sum - 1) <= TOLERANCE)) throw notADistribution(`gives probabilities that sum to ${sum}, not 1`);
}

function notADistribution(what: string): CodebookError {
  return new CodebookError(`the byte model ${what}`, {
    hint: 'Renormalise in float64, or check that the training of the model was stable.',
  });
}

/**
 * The integers that windows of τ bits are coded with, from a model in floats. They are the same wherever its floats are.
 */
export function quantised(model: ProbabilityModel, windowBits: number): FrequencyModel {
  const bits = firstByteBits(windowBits);
  const rootScale = 2 ** (FREQUENCY_BITS - bits);
  const rounded = async (prefixes: readonly Uint8Array[]): Promise<Rounded> => {
    const probabilities = await model.probabilities(prefixes);
    const frequencies = quantise(probabilities);
    for (const [row, prefix] of prefixes.entries()) {
      if (prefix.length > 0) continue;
      const first = quantise(probabilities.subarray(row * BYTES, (row + 1) * BYTES), bits);
      frequencies.set(
        first.map((frequency) => frequency * rootScale),
        row * BYTES,
      );
    }
    return { frequencies, probabilities };
  };
  return {
    fingerprint: `${model.fingerprint}:f${FREQUENCY_BITS}:first${bits}`,
    async frequencies(prefixes) {
      return (await rounded(prefixes)).frequencies;
    },
    rounded,
    ...(model.runOf !== undefined && { runOf: (length: number) => model.runOf!(length) }),
  };
}

/**
 * Asks a frequency model, and holds it to its contract, so that a fault of a model is named instead of becoming a codebook.
 *
 * @returns [prefixes, 256]; with what they were rounded from, where there is that
 * @throws CodebookError that names the prefix
 */
export async function frequenciesAfter(
  model: FrequencyModel,
  prefixes: readonly Uint8Array[],
  windowBits: number,
): Promise<Answer> {
  const answer: Answer = (await model.rounded?.(prefixes)) ?? {
    frequencies: await model.frequencies(prefixes),
    probabilities: null,
  };
  const { frequencies } = answer;
  if (frequencies.length !== prefixes.length * BYTES) {
    throw new CodebookError(
      `the byte model gave ${frequencies.length} frequencies for ${prefixes.length} prefixes, not ${prefixes.length * BYTES}`,
    );
  }
  checkFrequencies(frequencies, prefixes, windowBits);
  return answer;
}

/** What a model says about some prefixes, [prefixes, 256] each; no probabilities where nothing was rounded. */
export type Answer = Pick<Rounded, 'frequencies'> & { probabilities: Rounded['probabilities'] | null };

function checkFrequencies(frequencies: Uint32Array, prefixes: readonly Uint8Array[], windowBits: number): void {
  const rootScale = 2 ** (FREQUENCY_BITS - firstByteBits(windowBits));
  for (const [row, prefix] of prefixes.entries()) {
    const multiple = prefix.length === 0 ? rootScale : 1;
    let sum = 0;
    for (let index = row * BYTES; index < (row + 1) * BYTES; index++) {
      const frequency = frequencies[index]!;
      if (frequency === 0 || frequency % multiple !== 0)
        throw badFrequencies(prefix, index % BYTES, frequency, multiple);
      sum += frequency;
    }
    if (sum !== FREQUENCY_SUM) {
      throw new CodebookError(`the frequencies ${after(prefix)} sum to ${sum}, not 2^${FREQUENCY_BITS}`);
    }
  }
}

function badFrequencies(prefix: Uint8Array, byte: number, frequency: number, multiple: number): CodebookError {
  const expected = multiple === 1 ? 'at least 1' : `a multiple of ${multiple}, so that the byte holds whole cells`;
  return new CodebookError(`the frequency of byte ${byte} ${after(prefix)} is ${frequency}; it must be ${expected}`);
}

function after(prefix: Uint8Array): string {
  return prefix.length === 0 ? 'at the start of a window' : `after ${Buffer.from(prefix).toString('hex')}`;
}
