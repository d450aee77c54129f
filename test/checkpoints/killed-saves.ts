import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { applyRetention, listCheckpoints, saveCheckpoint, verifyCheckpoint } from '../../src/checkpoints/index.js';
import { compiled, startModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { isMoment, smallState } from './state.js';

/** Code that defines `save(step)`: a checkpoint of half a megabyte in several shards, with the step as its state. */
export function savingModule(run: string): string {
  return `
    import { saveCheckpoint } from ${JSON.stringify(compiled('src/checkpoints/index.js'))};
    async function save(step) {
      const shape = [256, 256];
      const bytes = new Uint8Array(Float32Array.from({ length: 65536 }, () => step).buffer);
      const slice = (name) =>
        ({ name, dtype: 'f32', globalShape: shape, offset: [0, 0], tensor: { dtype: 'f32', shape, bytes } });
      await saveCheckpoint(${JSON.stringify(run)}, { step, state: step, configYaml: '', maxShardBytes: 100_000,
        slices: [slice('a'), slice('b')], isOptimizer: (name) => name === 'b' });
    }`;
}

/**
 * Kills a process that saves, also over older checkpoints of the same steps, at an instant that differs from round to
 * round: whatever has the name of a checkpoint must be complete, and nothing may be lost.
 */
export async function killWhileSaving(rounds: number): Promise<void> {
  const run = temporaryDirectory();
  for (let round = 0; round < rounds; round++) {
    const first = 1000 * round;
    const child = startModule(
      `${savingModule(run)}
       for (let step = ${first}; ; step = step === ${first} + 4 ? ${first} : step + 1) {
         await save(step);
         console.log(step);
       }`,
    );
    await once(child.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, (round * 13.7) % 90));
    child.kill('SIGKILL');
    await once(child, 'close');
    const listed = await listCheckpoints(run);
    expect(listed.length).toBeGreaterThan(0);
    for (const { path, step } of listed) expect((await verifyCheckpoint(path)).state).toBe(step);
    // The next save removes what the killed one left, and brings back what it was replacing.
    const before = listed.map(({ step }) => step);
    await saveCheckpoint(run, { ...CONTENT, step: first + 999, state: first + 999 });
    const after = await listCheckpoints(run);
    expect(after.map(({ step }) => step)).toEqual(expect.arrayContaining([...before, first, first + 999]));
    for (const { path } of after) await verifyCheckpoint(path);
    expect(readdirSync(join(run, 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([]);
    await applyRetention(run, { keep: 3 });
  }
}

const CONTENT = { configYaml: '', slices: smallState(0), isOptimizer: isMoment };
