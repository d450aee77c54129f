import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH, fitToTime, readPlan, writePlan } from '../../src/quickstart/plan.js';
import { DataError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SYMBOLS = BATCH.size * BATCH.sequenceLength;

describe('the plan of a quickstart', () => {
  it('trains all models and scores each twice within the time, if scoring costs a third of training', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.array(
          fc.record({
            secondsPerStep: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
            flopsPerStep: fc.double({ min: 1e9, max: 4e9, noNaN: true }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (minutes, costs) => {
          const { models, heldOutBytes } = fitToTime(minutes, Object.fromEntries(costs.entries()));
          const training = Object.values(models).reduce(
            (sum, { steps, secondsPerStep }) => sum + steps * secondsPerStep,
            0,
          );
          const secondsPerSymbol = costs.reduce((sum, { secondsPerStep }) => sum + secondsPerStep, 0) / SYMBOLS;
          const scoring = (bytes: number) => (2 * bytes * secondsPerSymbol) / 3;
          expect(training).toBeLessThanOrEqual(0.65 * 60 * minutes + 1e-9);
          // A floor holds enough text back for an interval, however slow the machine.
          expect(scoring(heldOutBytes)).toBeLessThanOrEqual(Math.max(0.15 * 60 * minutes, scoring(60_000)));
        },
      ),
    );
  });

  it('grows with the time and with the speed of the machine', () => {
    const steps = (minutes: number, secondsPerStep: number) =>
      fitToTime(minutes, { one: { secondsPerStep, flopsPerStep: 1e9 } }).models.one!.steps;
    expect(steps(8, 0.2)).toBe(2 * steps(4, 0.2));
    expect(steps(4, 0.1)).toBe(2 * steps(4, 0.2));
    expect(steps(0.001, 1)).toBeGreaterThan(0);
  });

  it('gives every model the same floating-point operations, whatever they cost', () => {
    const { models } = fitToTime(4, {
      small: { secondsPerStep: 0.1, flopsPerStep: 1e9 },
      large: { secondsPerStep: 0.4, flopsPerStep: 2e9 },
    });
    expect(models.small!.steps).toBe(2 * models.large!.steps);
    expect(models.small!.steps * 0.1 + models.large!.steps * 0.4).toBeCloseTo(0.65 * 60 * 4, 6);
  });

  it('is read as it was written, and missing where there is none', async () => {
    const file = join(temporaryDirectory(), 'plan.json');
    expect(await readPlan(file)).toBeNull();
    const costs = { bytes: { secondsPerStep: 0.2, flopsPerStep: 1e9 } };
    const plan = { ...fitToTime(4, costs), source: { title: 'code', directories: ['/a'], extensions: ['ts'] } };
    await writePlan(file, plan);
    expect(await readPlan(file)).toEqual(plan);
  });

  it.each(['', '{"minutes": 4}', '[]', '{"steps": "many"'])('is refused where the file holds %j', async (text) => {
    const file = join(temporaryDirectory(), 'plan.json');
    writeFileSync(file, text);
    await expect(readPlan(file)).rejects.toThrow(DataError);
  });
});
