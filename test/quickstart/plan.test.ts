import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BATCH, fitToTime, readPlan, writePlan } from '../../src/quickstart/plan.js';
import { DataError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SYMBOLS = BATCH.size * BATCH.sequenceLength;

describe('the plan of a quickstart', () => {
  it('trains two models and scores four times within the time, if scoring costs a third of training', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (minutes, secondsPerStep) => {
          const { steps, heldOutBytes } = fitToTime(minutes, secondsPerStep);
          const training = 2 * steps * secondsPerStep;
          const scoring = (4 * heldOutBytes * secondsPerStep) / 3 / SYMBOLS;
          expect(training).toBeLessThanOrEqual(0.65 * 60 * minutes + 1e-9);
          // A floor holds enough text back for an interval, however slow the machine.
          expect(scoring).toBeLessThanOrEqual(
            Math.max(0.15 * 60 * minutes, (4 * 60_000 * secondsPerStep) / 3 / SYMBOLS),
          );
        },
      ),
    );
  });

  it('grows with the time and with the speed of the machine', () => {
    expect(fitToTime(8, 0.2).steps).toBe(2 * fitToTime(4, 0.2).steps);
    expect(fitToTime(4, 0.1).steps).toBe(2 * fitToTime(4, 0.2).steps);
    expect(fitToTime(0.001, 1).steps).toBeGreaterThan(0);
  });

  it('is read as it was written, and missing where there is none', async () => {
    const file = join(temporaryDirectory(), 'plan.json');
    expect(await readPlan(file)).toBeNull();
    const plan = { ...fitToTime(4, 0.2), source: { title: 'code', directories: ['/a'], extensions: ['ts'] } };
    await writePlan(file, plan);
    expect(await readPlan(file)).toEqual(plan);
  });

  it.each(['', '{"minutes": 4}', '[]', '{"steps": "many"'])('is refused where the file holds %j', async (text) => {
    const file = join(temporaryDirectory(), 'plan.json');
    writeFileSync(file, text);
    await expect(readPlan(file)).rejects.toThrow(DataError);
  });
});
