import { describe, expect, it } from 'vitest';
import { learningRateMultiplier } from '../../src/training/learning-rate.js';
import { type OptimOptions, optimOptions } from '../../src/training/options.js';

const multiplier = (options: Partial<OptimOptions>, steps: number) =>
  learningRateMultiplier(optimOptions.parse({ warmup: 10, minRatio: 0.1, ...options }), steps);

describe('learning-rate schedules', () => {
  it.each(['linear', 'inv_sqrt', 'cosine', 'wsd'] as const)('%s rises from zero to one over the warmup', (schedule) => {
    const at = multiplier({ schedule }, 100);
    expect([0, 1, 5, 10].map(at)).toEqual([0, 0.1, 0.5, 1]);
  });

  it('constant stays at one, from the first update', () => {
    const at = multiplier({ schedule: 'constant' }, 100);
    expect([0, 5, 100, 1000].map(at)).toEqual([1, 1, 1, 1]);
  });

  it('linear falls to the smallest ratio and stays there', () => {
    const at = multiplier({ schedule: 'linear' }, 110);
    expect(at(60)).toBeCloseTo(0.55);
    expect([110, 111, 500].map(at)).toEqual([0.1, 0.1, 0.1]);
  });

  it('inv_sqrt falls with the root of the step, not below the smallest ratio', () => {
    const at = multiplier({ schedule: 'inv_sqrt' }, 100);
    expect(at(40)).toBeCloseTo(0.5);
    expect(at(1_000_000)).toBe(0.1);
  });

  it('cosine halves half-way and ends at the smallest ratio, also at the very last step (S1)', () => {
    const at = multiplier({ schedule: 'cosine' }, 110);
    expect(at(60)).toBeCloseTo(0.55);
    expect(at(109)).toBeLessThan(0.101);
    expect([110, 111].map(at)).toEqual([0.1, 0.1]);
  });

  it('cosine starts again with every cycle', () => {
    const at = multiplier({ schedule: 'cosine', warmup: 0, cycleLength: 0.5 }, 100);
    expect(at(49)).toBeLessThan(0.11);
    expect(at(50)).toBeCloseTo(1);
    expect(at(100)).toBe(0.1);
  });

  it('wsd is stable, then decays over the last part of the run (S2)', () => {
    const at = multiplier({ schedule: 'wsd', decayFraction: 0.2 }, 100);
    expect([50, 80].map(at)).toEqual([1, 1]);
    expect(at(90)).toBeCloseTo(1 / (0.5 / 0.1 + 0.5));
    expect(at(100)).toBeCloseTo(0.1);
    expect(at(101)).toBe(0.1);
  });

  it('wsd without a decay is constant after the warmup', () => {
    const at = multiplier({ schedule: 'wsd', decayFraction: 0 }, 100);
    expect([10, 99, 100, 101].map(at)).toEqual([1, 1, 1, 1]);
  });

  it('linear_decay has no warmup, and may start at the end (S4)', () => {
    expect(multiplier({ schedule: 'linear_decay', startDecayStep: 50 }, 100)(75)).toBeCloseTo(0.55);
    const late = multiplier({ schedule: 'linear_decay', startDecayStep: 100 }, 100);
    expect([0, 99, 100].map(late)).toEqual([1, 1, 0.1]);
  });
});
