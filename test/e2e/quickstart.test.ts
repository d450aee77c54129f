import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { QuickstartResults } from '../../src/quickstart/index.js';
import { quickstartLayout } from '../../src/quickstart/layout.js';
import { QUICKSTART_MODELS } from '../../src/quickstart/models.js';
import { writePlan } from '../../src/quickstart/plan.js';
import { pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { startPc, untilSays } from '../training/killed-training.js';

/** Time for a comparison of two models, with all its parts, on a busy machine. */
const PATIENCE = 240_000;

/** A folder of source code that compresses well. */
function sourceFolder(cwd: string, documents = 30): string {
  const folder = join(cwd, 'source');
  mkdirSync(folder);
  for (let i = 0; i < documents; i++) {
    const lines = Array.from({ length: 40 }, (_, j) => `export const value${(i * j) % 97} = compute(${i}, ${j});`);
    writeFileSync(join(folder, `file${i}.ts`), lines.join('\n'));
  }
  return folder;
}

const BRIEF = ['quickstart', '--minutes', '0.01'];

/** Begins a quickstart that was stopped when the speed of the machine had been measured, as that of a very slow one. */
async function measured(cwd: string, source: string): Promise<void> {
  const cost = { secondsPerStep: 1, flopsPerStep: 1e10, steps: 2 };
  mkdirSync(join(cwd, 'quickstart'));
  await writePlan(quickstartLayout(join(cwd, 'quickstart')).plan, {
    minutes: 0.01,
    models: Object.fromEntries(QUICKSTART_MODELS.map(({ name }) => [name, cost])),
    heldOutBytes: 4_000,
    source: { title: source, directories: [source], extensions: null },
  });
}

describe('pc quickstart', () => {
  it(
    'goes on after a stop, trains all models below their starts, and leaves a page and results',
    async () => {
      const cwd = temporaryDirectory();
      const source = sourceFolder(cwd, 20);
      const args = [...BRIEF, '--data', source];
      await measured(cwd, source);
      const first = startPc(args, cwd);
      const closed = once(first.child, 'close') as Promise<[number | null]>;
      await untilSays(first, 'Training the gzip proxy');
      first.child.kill('SIGINT');
      expect(await closed).toEqual([130, null]);
      // On a busy machine the signal may arrive in a stage after it.
      expect(first.output()).toMatch(/Error: stopped in: .+\n.*to go on/);
      const bytesRun = readFileSync(join(cwd, 'quickstart/runs/bytes/environment.json'), 'utf8');

      const { status, stdout } = await pc([...args, '--json'], { cwd });
      expect(status).toBe(0);
      const { models, comparisons, heldOut } = JSON.parse(stdout) as QuickstartResults;
      expect(models.map(({ name }) => name)).toEqual(['bytes', 'gzip', 'bpe', 'neural']);
      for (const { trained, untrained, interval } of models) {
        expect(trained).toBeLessThan(untrained);
        expect(interval!.low).toBeLessThanOrEqual(trained);
      }
      const [bytes, ...proxies] = models as [(typeof models)[0], ...typeof models];
      proxies.forEach((proxy, i) => {
        // What a symbol of compressed text stands for.
        expect(proxy.bytes / proxy.symbols).toBeGreaterThan((1.1 * bytes.bytes) / bytes.symbols);
        // The proxy's vocabulary has more symbols, and nothing else differs.
        const { model, comparison } = comparisons[i]!;
        expect(model).toBe(proxy.name);
        expect(comparison.unlike).toEqual([`parameters: ${proxy.parameters} and ${bytes.parameters}`]);
      });
      expect(heldOut.documents).toBeGreaterThan(1);

      const page = readFileSync(join(cwd, 'quickstart/report.html'), 'utf8');
      expect(page).toContain('can be compared like for like');
      expect(page).toContain('<svg');
      // What was finished before the stop was not done again.
      expect(readFileSync(join(cwd, 'quickstart/runs/bytes/environment.json'), 'utf8')).toBe(bytesRun);

      const again = await pc(BRIEF, { cwd });
      expect(again.status).toBe(1);
      expect(again.stderr).toMatch(/holds a finished quickstart[\s\S]*--force/);
      expect(existsSync(join(cwd, 'quickstart/lock.json'))).toBe(false);
    },
    PATIENCE,
  );

  it('does not go on with another time or text than it was begun with', async () => {
    const cwd = temporaryDirectory();
    const source = sourceFolder(cwd);
    await measured(cwd, source);
    const { status, stderr } = await pc(['quickstart', '--minutes', '3'], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain('begun with another --minutes');
  });

  it('leaves a directory of other things alone, even with --force', async () => {
    const cwd = temporaryDirectory();
    const { status, stderr } = await pc([...BRIEF, '--force', '-o', sourceFolder(cwd)], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain('holds other things than a quickstart');
    expect(existsSync(join(cwd, 'source/file0.ts'))).toBe(true);
  });

  it.each(['0', '-1', 'soon'])('refuses %s minutes', async (minutes) => {
    const { status, stderr } = await pc(['quickstart', `--minutes=${minutes}`], { cwd: temporaryDirectory() });
    expect(status).toBe(2);
    expect(stderr).toContain('--minutes must be a number above 0');
  });
});
