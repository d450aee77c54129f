import { describe, expect, it } from 'vitest';
import { compressionAt, trainedRepresentations } from '../../src/data/compression-schedule.js';
import type { CompressionScheduleOptions } from '../../src/data/options.js';

const schedule: CompressionScheduleOptions = {
  warmup: 10,
  steady: 5,
  decay: 4,
  initialRate: 0,
  peakRate: 0.5,
  finalRate: 0.1,
  initialMode: 'parallel_raw_compressed',
  steadyMode: 'sentinel',
  finalMode: 'translation_random',
};
const at = (step: number) => compressionAt({ mix: 'vanilla', rate: 0.9, schedule }, step);

describe('compressionAt', () => {
  it('is constant without a schedule', () => {
    const settings = { mix: 'sentinel', rate: 0.9, schedule: null } as const;
    expect(compressionAt(settings, 0)).toEqual({ mode: 'sentinel', rate: 0.9 });
    expect(compressionAt(settings, 1_000_000)).toEqual({ mode: 'sentinel', rate: 0.9 });
  });

  it('rises linearly during warmup, in the initial mode, beginning at the initial rate itself', () => {
    expect(at(0)).toEqual({ mode: 'parallel_raw_compressed', rate: 0 });
    expect(at(4)).toEqual({ mode: 'parallel_raw_compressed', rate: 0.2 });
    expect(at(9).rate).toBeCloseTo(0.45, 12);
  });

  it('stays at the peak, in the steady mode', () => {
    expect(at(10)).toEqual({ mode: 'sentinel', rate: 0.5 });
    expect(at(14)).toEqual({ mode: 'sentinel', rate: 0.5 });
  });

  it('falls linearly during decay and stays at the final rate, in the final mode', () => {
    expect(at(15)).toEqual({ mode: 'translation_random', rate: 0.5 });
    expect(at(17).rate).toBeCloseTo(0.3, 12);
    expect(at(19)).toEqual({ mode: 'translation_random', rate: 0.1 });
    expect(at(10_000)).toEqual({ mode: 'translation_random', rate: 0.1 });
  });
});

describe('trainedRepresentations', () => {
  const constant = (rate: number) => trainedRepresentations({ mix: 'sentinel', rate, schedule: null });

  it('leaves raw text out only at rate 1, and compressed text only at rate 0', () => {
    expect(constant(0)).toEqual({ raw: true, compressed: false });
    expect(constant(0.9)).toEqual({ raw: true, compressed: true });
    expect(constant(1)).toEqual({ raw: false, compressed: true });
  });

  it('counts every phase of a schedule, and none that has no steps', () => {
    const of = (change: Partial<CompressionScheduleOptions>) =>
      trainedRepresentations({ mix: 'vanilla', rate: 0.5, schedule: { ...schedule, ...change } });
    expect(of({})).toEqual({ raw: true, compressed: true });
    expect(of({ warmup: 0, peakRate: 1, finalRate: 1 })).toEqual({ raw: false, compressed: true });
    expect(of({ peakRate: 0, finalRate: 0 })).toEqual({ raw: true, compressed: false });
  });
});
