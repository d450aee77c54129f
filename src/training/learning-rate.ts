import type { OptimOptions } from './options.js';

/** λ(s): the learning rate of the update that follows s finished ones, as a share of the full rate. */
export type LearningRateMultiplier = (step: number) => number;

type Schedule = (options: OptimOptions, steps: number) => LearningRateMultiplier;

/**
 * The schedules of behaviour §6, with n steps in all, W of warmup and the smallest multiplier m. Past the end they stay
 * at their last value, so that a run can be resumed with more steps. The reference's slips at s = n are not here (S1:
 * cosine jumped to one; S2: wsd took the next cycle's decay; S4: a division by zero).
 */
const schedules: Record<OptimOptions['schedule'], Schedule> = {
  constant: () => () => 1,

  linear: (options, steps) =>
    warmedUp(options, (s) => {
      const z = progress(s, options.warmup, steps);
      return 1 - z + z * options.minRatio;
    }),

  inv_sqrt: (options) => {
    const reference = Math.max(options.warmup, 1);
    return warmedUp(options, (s) => Math.max((reference / Math.max(s, 1)) ** options.expFactor, options.minRatio));
  },

  // Falls from 1 to m over each cycle, and starts again at 1 (Loshchilov & Hutter, arXiv 1608.03983).
  cosine: (options, steps) =>
    warmedUp(options, (s) => {
      if (s >= steps) return options.minRatio;
      const cycles = progress(s, options.warmup, steps) ** options.cosineTheta / options.cycleLength;
      const within = cycles - Math.floor(cycles);
      return options.minRatio + 0.5 * (1 - options.minRatio) * (Math.cos(Math.PI * within) + 1);
    }),

  // Warmup, stable, decay (Hu et al., arXiv 2404.06395): each cycle ends with a decay, a share of all steps up to there.
  wsd: (options, steps) => {
    const cycle = Math.max(1, Math.floor(steps * options.cycleLength));
    return warmedUp(options, (s) => {
      if (s > steps) return options.decayFraction > 0 ? options.minRatio : 1;
      const end = s === steps ? steps : cycle * (Math.floor(s / cycle) + 1);
      const decay = Math.floor(end * options.decayFraction);
      if (decay === 0 || s <= end - decay) return 1;
      const z = (s - end + decay) / decay;
      return options.minRatio === 0 ? 1 - z : 1 / (z / options.minRatio + 1 - z);
    });
  },

  linear_decay: (options, steps) => (s) => {
    const z = progress(s, options.startDecayStep, steps);
    return s < options.startDecayStep ? 1 : 1 - z + z * options.minRatio;
  },
};

/** The multiplier of the configured schedule for a run of `steps` updates. */
export function learningRateMultiplier(options: OptimOptions, steps: number): LearningRateMultiplier {
  return schedules[options.schedule](options, steps);
}

/** s/W during the warmup: the very first update has the rate zero, as in the reference. */
function warmedUp({ warmup }: OptimOptions, after: LearningRateMultiplier): LearningRateMultiplier {
  return (s) => (s < warmup ? s / warmup : after(s));
}

/** How far s is from `start` to `end`, 0 … 1. */
function progress(s: number, start: number, end: number): number {
  return s >= end ? 1 : Math.max(0, (s - start) / (end - start));
}
