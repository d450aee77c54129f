import { setImmediate as nextTurn } from 'node:timers/promises';
import { Random } from '../../support/random/index.js';

/** Bounds of a figure in bits per byte. */
export interface Interval {
  low: number;
  high: number;
  /** Probability that such an interval covers the figure, 0 … 1. */
  level: number;
  /** Resamples that it was computed from. */
  samples: number;
}

export interface BootstrapOptions {
  samples: number;
  seed: number;
  signal?: AbortSignal | undefined;
}

export const CONFIDENCE_LEVEL = 0.95;

/** Draws between two looks at the event loop. */
const DRAWS_PER_TURN = 1_000_000;

/**
 * The percentile bootstrap (B. Efron, 1979) of the ratio Σ nats / Σ bytes, in bits per byte: documents are drawn with
 * replacement, as many as there are. Differences of two models on the same documents, in place of `nats`, give the
 * paired interval of their difference.
 *
 * @param nats of each document
 * @param bytes of each document, positive
 * @returns null for fewer than two documents, of which nothing can be said
 * @throws the reason of `signal` when it is aborted
 */
export async function bootstrapInterval(
  nats: Float64Array,
  bytes: Float64Array,
  { samples, seed, signal }: BootstrapOptions,
): Promise<Interval | null> {
  const count = nats.length;
  if (count < 2) return null;
  const random = Random.fromSeed(seed);
  const ratios = new Float64Array(samples);
  let draws = 0;
  for (let sample = 0; sample < samples; sample++) {
    let natsDrawn = 0;
    let bytesDrawn = 0;
    for (let draw = 0; draw < count; draw++) {
      const document = random.integer(count);
      natsDrawn += nats[document]!;
      bytesDrawn += bytes[document]!;
    }
    ratios[sample] = natsDrawn / bytesDrawn / Math.LN2;
    draws += count;
    if (draws < DRAWS_PER_TURN) continue;
    draws = 0;
    await nextTurn();
    signal?.throwIfAborted();
  }
  ratios.sort();
  const tail = (1 - CONFIDENCE_LEVEL) / 2;
  return { low: quantile(ratios, tail), high: quantile(ratios, 1 - tail), level: CONFIDENCE_LEVEL, samples };
}

/** Linear between the two nearest of the sorted values. */
function quantile(sorted: Float64Array, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}
