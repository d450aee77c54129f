import type { TrainedRepresentations } from '../vocabulary/vocabulary.js';
import type { CompressionScheduleOptions, DataOptions, MixModeName } from './options.js';

/** How documents are mixed during one optimizer step. */
export interface Compression {
  mode: MixModeName;
  /** Share of compressed text, 0 … 1, in units of `data.rateUnit`. */
  rate: number;
}

export type CompressionSettings = Pick<DataOptions, 'mix' | 'rate' | 'schedule'>;

/**
 * Rate and mode of the optimizer step `step` (from 0): linear from the initial to the peak rate during warmup, the
 * peak, linear from the peak to the final rate during decay, the final rate ever after (behaviour §1.10, where steps
 * are micro-batches of the loader).
 */
export function compressionAt({ mix, rate, schedule }: CompressionSettings, step: number): Compression {
  if (schedule === null) return { mode: mix, rate };
  const { warmup, steady, decay, initialRate, peakRate, finalRate } = schedule;
  if (step < warmup) {
    return { mode: schedule.initialMode, rate: initialRate + ((peakRate - initialRate) * step) / warmup };
  }
  if (step < warmup + steady) return { mode: schedule.steadyMode, rate: peakRate };
  const decayed = step - warmup - steady;
  if (decayed < decay) {
    return { mode: schedule.finalMode, rate: peakRate - ((peakRate - finalRate) * decayed) / decay };
  }
  return { mode: schedule.finalMode, rate: finalRate };
}

/**
 * Which representations a run of any length may see. Only rate 0 has no compressed text and only rate 1 no raw text,
 * in every mixing mode.
 */
export function trainedRepresentations({ rate, schedule }: CompressionSettings): TrainedRepresentations {
  const rates = schedule === null ? [rate] : ratesOf(schedule);
  return { raw: rates.some((each) => each < 1), compressed: rates.some((each) => each > 0) };
}

/** The mixing modes that a run of any length may see. */
export function trainedModes({ mix, schedule }: CompressionSettings): MixModeName[] {
  return schedule === null ? [mix] : [schedule.initialMode, schedule.steadyMode, schedule.finalMode];
}

/** Rates at the ends of the phases that have steps; the rates between are between these. */
function ratesOf(schedule: CompressionScheduleOptions): number[] {
  const { warmup, steady, decay, initialRate, peakRate, finalRate } = schedule;
  return [
    ...(warmup > 0 ? [initialRate] : []),
    ...(warmup > 1 || steady > 0 || decay > 0 ? [peakRate] : []),
    finalRate,
  ];
}
