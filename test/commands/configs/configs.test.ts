import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flagSettings } from '../../../src/commands/shell/config-flags.js';
import { pc } from '../../support/pc.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

describe('pc configs list', () => {
  it('names every preset with its summary', async () => {
    const { status, stdout } = await pc(['configs', 'list']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/evabyte-1m +EvaByte with about 1\.0 M parameters/);
    expect(stdout).toMatch(/gzip-proxy-1b5 .*`gzip_proxy`/);
  });
});

describe('pc configs show', () => {
  it('prints each value and where it came from', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'pc.config.yaml'), 'extends: evabyte-1m\nseed: 5\n');
    const { status, stdout } = await pc(['configs', 'show', '--set', 'steps=7'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^seed +5 +pc\.config\.yaml:2$/m);
    expect(stdout).toMatch(/^steps +7 +--set$/m);
    expect(stdout).toMatch(/^model\.hiddenSize +128 +preset evabyte-1m$/m);
    expect(stdout).toMatch(/^optim\.beta1 +0\.9 +default$/m);
  });

  it('prints a proxy as it is written, as JSON on request', async () => {
    const { stdout } = await pc(['configs', 'show', 'gzip-proxy', '--json']);
    const { settings } = JSON.parse(stdout) as { settings: { name: string; value: unknown; origin: string }[] };
    expect(settings).toContainEqual({ name: 'data.rate', value: 0.9, origin: 'preset gzip-proxy' });
    expect(settings.every(({ origin }) => origin === 'preset gzip-proxy')).toBe(true);
  });

  it('prints all defaults where no model is chosen yet, and says that one is needed', async () => {
    const { status, stdout } = await pc(['configs', 'show'], { cwd: temporaryDirectory() });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^optim\.learningRate +0\.0003 +default$/m);
    expect(stdout).toMatch(/No model is chosen yet: model\.architecture is not set\. Run `pc init`/);
  });

  it('prints what is written of a model that is not chosen yet, and refuses what is wrong elsewhere', async () => {
    const cwd = temporaryDirectory();
    const { stdout } = await pc(['configs', 'show', '--set', 'model.layers=3', '--json'], { cwd });
    const { settings, missing } = JSON.parse(stdout) as { settings: object[]; missing: string[] };
    expect(settings[0]).toEqual({ name: 'model.layers', value: 3, origin: '--set' });
    expect(missing).toEqual(['model.architecture']);
    const wrong = await pc(['configs', 'show', '--set', 'optim.lr=1'], { cwd });
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('Did you mean optim.learningRate?');
  });

  it('points at a mistake with file, line, field and the nearest name, and exits with 2', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'pc.config.yaml'), 'extends: evabyte-1m\ndata:\n  rat: 0.5\n');
    const { status, stderr, stdout } = await pc(['configs', 'show'], { cwd });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('pc.config.yaml:3');
    expect(stderr).toContain('Did you mean data.rate?');
    expect(stderr).not.toContain('    at ');
  });
});

describe('flags that stand for settings', () => {
  it('give a constant rate or mode in place of a schedule', () => {
    expect(flagSettings({ rate: '0.9' })).toEqual([
      { flag: '--rate', path: ['data', 'rate'], value: 0.9 },
      { flag: '--rate', path: ['data', 'schedule'], value: null },
    ]);
    expect(flagSettings({ mix: 'sentinel', rate: '0.9' }).filter(({ path }) => path[1] === 'schedule')).toHaveLength(1);
  });

  it('leave a rate that is no number for the schema to refuse', () => {
    expect(flagSettings({ rate: 'much' })[0]).toEqual({ flag: '--rate', path: ['data', 'rate'], value: 'much' });
  });
});
