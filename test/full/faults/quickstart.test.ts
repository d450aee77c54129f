import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QUICKSTART_MODELS } from '../../../src/quickstart/models.js';
import { pcProcess } from '../../support/pc-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { startPc, untilSays } from '../../training/killed-training.js';

/** Some of the stages, from the first on. */
const STAGES = ['Measuring the speed', 'Importing source code', 'Evaluating the byte model before', 'Training the BPE'];

function sourceFolder(cwd: string): string {
  const folder = join(cwd, 'source');
  mkdirSync(folder);
  for (let i = 0; i < 30; i++) {
    const lines = Array.from({ length: 40 }, (_, j) => `export const value${(i * j) % 97} = compute(${i}, ${j});`);
    writeFileSync(join(folder, `file${i}.ts`), lines.join('\n'));
  }
  return folder;
}

describe('pc quickstart from nothing', () => {
  it('goes on wherever it is stopped, and ends with every model better than untrained', async () => {
    const cwd = temporaryDirectory();
    const args = ['quickstart', '--minutes', '0.01', '--data', sourceFolder(cwd)];
    for (const stage of STAGES) {
      const started = startPc(args, cwd);
      const closed = once(started.child, 'close');
      await untilSays(started, stage);
      started.child.kill('SIGINT');
      expect(await closed).toEqual([130, null]);
      expect(started.output()).toContain(`Error: stopped in: ${stage}`);
    }
    const { status, stdout } = await pcProcess([...args, '--json'], { cwd });
    expect(status).toBe(0);
    const { models } = JSON.parse(stdout) as { models: { name: string; trained: number; untrained: number }[] };
    expect(models.map(({ name }) => name)).toEqual(QUICKSTART_MODELS.map(({ name }) => name));
    for (const { trained, untrained } of models) expect(trained).toBeLessThan(untrained);
  });
});
