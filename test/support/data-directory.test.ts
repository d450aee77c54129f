import { fileURLToPath } from 'node:url';
import { Config } from '@oclif/core';
import { afterEach, expect, it, vi } from 'vitest';
import { dataDirectory } from '../../src/support/data-directory.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['by default', {}],
  ['with a folder for the data of all programs', { XDG_DATA_HOME: '/data' }],
  ['with a folder of its own', { XDG_DATA_HOME: '/data', PC_DATA_DIR: '/own' }],
])('the data directory is that of the commands, %s', async (_, variables: Record<string, string>) => {
  for (const name of ['XDG_DATA_HOME', 'PC_DATA_DIR']) vi.stubEnv(name, variables[name]);
  expect(dataDirectory()).toBe((await Config.load(ROOT)).dataDir);
});
