import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { saveCheckpoint, verifyCheckpoint } from '../../src/checkpoints/index.js';
import { compiled, runModule, startModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { wholeTensor } from './state.js';

/** Code that consolidates a checkpoint again and again, over the result. */
function consolidatingModule(checkpoint: string, output: string, rounds: string): string {
  return `
    import { consolidateCheckpoint, openCheckpoint } from ${JSON.stringify(compiled('src/checkpoints/index.js'))};
    const checkpoint = await openCheckpoint(${JSON.stringify(checkpoint)});
    for (let round = 0; round < ${rounds}; round++) {
      await consolidateCheckpoint({ checkpoint, output: ${JSON.stringify(output)}, withOptimizer: true, force: true,
        compressorFiles: [], version: '1', signal: new AbortController().signal, onProgress() {} });
      console.log(round);
    }`;
}

/**
 * Kills a process that consolidates, also over an earlier result, at an instant that differs from round to round: what has
 * the final name must be complete, and the next consolidation must leave nothing but its result.
 */
export async function killWhileConsolidating(rounds: number): Promise<void> {
  const run = temporaryDirectory();
  const size = [256, 256];
  const vocabulary = {
    layout: { size: 320, compressedOffset: 320, alphabetSize: 0, rawIncluded: true },
    compressor: '',
  };
  const checkpoint = await saveCheckpoint(run, {
    step: 1,
    state: { vocabulary },
    configYaml: '',
    slices: ['a', 'b'].map((name) => wholeTensor(name, size, new Float32Array(65_536).fill(name.charCodeAt(0)))),
    isOptimizer: (name) => name === 'b',
    maxShardBytes: 50_000,
  });
  const parent = join(run, 'consolidated');
  const output = join(parent, '0000000001');
  for (let round = 0; round < rounds; round++) {
    const child = startModule(consolidatingModule(checkpoint, output, 'Infinity'));
    // The first round may be killed before anything is complete.
    if (round > 0) await once(child.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, round === 0 ? 250 : (round * 13.7) % 90));
    child.kill('SIGKILL');
    await once(child, 'close');
    if (existsSync(output)) await verifyCheckpoint(output);
  }
  expect(await runModule(consolidatingModule(checkpoint, output, '1'))).toMatchObject({ status: 0, stderr: '' });
  await verifyCheckpoint(output);
  expect(readdirSync(parent)).toEqual(['0000000001']);
}
