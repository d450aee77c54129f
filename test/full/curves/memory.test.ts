import { describe, expect, it } from 'vitest';
import { tinyProject, trainTiny } from '../../training/tiny-training.js';

const STEPS = 2000;
/** Megabytes that the process may grow by in the last three quarters. Inputs that were kept, 40 kB a step, would be 60. */
const BOUND = 32;

describe('memory', () => {
  it(`stays flat over ${STEPS} steps`, async () => {
    const project = tinyProject();
    const resident: number[] = [];
    await trainTiny(project, {
      set: [`steps=${STEPS}`, 'batch.size=16', 'batch.sequenceLength=128', 'checkpoint.every=250', 'checkpoint.keep=2'],
      observer: { onStep: () => void resident.push(process.memoryUsage.rss() / 2 ** 20) },
    });
    expect(resident).toHaveLength(STEPS);
    const highest = (from: number, to: number) => Math.max(...resident.slice(from * STEPS, to * STEPS));
    // The first quarter fills caches and lets the collector settle.
    expect(highest(0.75, 1) - highest(0.1, 0.25)).toBeLessThan(BOUND);
  });
});
