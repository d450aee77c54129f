import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../training/peak-memory.ts', import.meta.url));

/** What the estimate may be off by, as a share of what is measured. */
const TOLERANCE = 0.15;

describe.runIf(process.platform === 'linux')('the memory of training on the CPU', () => {
  it.each(['evabyte-1m', 'opencoder-1m', 'evabyte-10m'])('is foretold: %s', (preset) => {
    const tsx = fileURLToPath(import.meta.resolve('tsx/cli'));
    const output = execFileSync(process.execPath, ['--expose-gc', tsx, SCRIPT, preset], { encoding: 'utf8' });
    const { expected, measured } = JSON.parse(output) as { expected: number; measured: number };
    expect(Math.abs(expected / measured - 1), `${expected} of ${measured}`).toBeLessThan(TOLERANCE);
  });
});
