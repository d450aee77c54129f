import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installationStep } from '../../src/plugins/installation-step.js';
import { InterruptedError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const node = (code: string) => ({ command: process.execPath, args: ['-e', code], hint: 'try again', log: () => {} });

it('gives what the program printed, and its last words where it fails', async () => {
  expect(await installationStep('printing', node('console.log(1)'))).toBe('1\n');
  await expect(installationStep('printing', node('console.error("a\\nb"); process.exit(2)'))).rejects.toMatchObject({
    message: 'printing failed: b',
    hint: 'try again',
  });
});

it('says that there is no such program', async () => {
  const step = { ...node(''), command: '/nowhere/program' };
  await expect(installationStep('trying', step)).rejects.toThrow(/^trying failed: .*ENOENT/);
});

it('waits, where it is stopped, until the program has ended', async () => {
  const ended = join(temporaryDirectory(), 'ended');
  const stop = new AbortController();
  const program = node(`
    process.on('SIGTERM', () => setTimeout(() => {
      require('node:fs').writeFileSync(${JSON.stringify(ended)}, '');
      process.exit(1);
    }, 50));
    setInterval(() => {}, 1000);
    console.log('ready');
  `);
  const log = (line: string) => (line === 'ready' ? stop.abort() : undefined);
  await expect(installationStep('waiting', { ...program, log, signal: stop.signal })).rejects.toThrow(InterruptedError);
  expect(existsSync(ended)).toBe(true);
});
