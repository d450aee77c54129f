import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT, pc } from '../support/pc.js';

it('oclif.manifest.json lists the commands as they are; `npm run build && npm run manifest` brings it up to date', () => {
  const check = ['node_modules/tsx/dist/cli.mjs', 'scripts/oclif-manifest.ts', '--check'];
  expect(() => execFileSync(process.execPath, check, { cwd: PACKAGE_ROOT, stdio: 'pipe' })).not.toThrow();
});

const text = readFileSync(`${PACKAGE_ROOT}oclif.manifest.json`, 'utf8');

it('a checkpoint is called CHECKPOINT by every command', () => {
  expect(text).toContain('--resume-from CHECKPOINT');
  expect(text).not.toMatch(/\bCKPT\b/);
});

it('every command has a summary and --json', () => {
  const manifest = JSON.parse(text) as { commands: Record<string, { summary?: string; enableJsonFlag?: boolean }> };
  const incomplete = Object.entries(manifest.commands).filter(
    ([, { summary, enableJsonFlag }]) => !summary || !enableJsonFlag,
  );
  expect(incomplete.map(([id]) => id)).toEqual([]);
});

it('pc --help lists the commands', async () => {
  const { status, stdout } = await pc(['--help']);
  expect(status).toBe(0);
  for (const command of ['compressors', 'backends', 'doctor', 'plugins']) expect(stdout).toContain(command);
});
