import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const BINARY = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

describe('output that cannot be written', () => {
  it('to a reader that has seen enough is no failure', () => {
    const script = 'set -o pipefail; "$0" "$1" configs list --json | head -c 1';
    const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, BINARY], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.runIf(existsSync('/dev/full'))('to a full disk is one, told without a stack trace', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [BINARY, 'configs', 'list'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('the output cannot be written: ENOSPC')]);
  });
});
