import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { numberedTexts } from '../temporary-data.js';
import { fakeHub, parquet } from './fake-hub.js';
import { download, hubRequest, textsOf } from './run-download.js';

/** What the file system says to a hard link. */
const system = vi.hoisted(() => ({ code: 'EPERM' }));

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: async () => {
    throw Object.assign(new Error(`${system.code}: link`), { code: system.code, syscall: 'link' });
  },
}));

const name = 'owner/name';
const texts = numberedTexts(9);
let output: string;

beforeEach(() => {
  output = join(temporaryDirectory(), 'data');
});

it.each(['EPERM', 'ENOTSUP', 'EXDEV'])('a dataset gets its name where links are refused by %s', async (code) => {
  system.code = code;
  const server = await fakeHub({ name, files: { 'a.parquet': parquet({ text: texts }) } });
  await download(server, hubRequest(), { output, chunkBytes: 100 });
  expect(textsOf(output)).toEqual(texts);
  expect(statSync(join(output, 'manifest.json')).nlink).toBe(1);
  expect(existsSync(`${output}.download`)).toBe(false);
});

it('a disk that is full is told, and the download stays to be gone on with', async () => {
  system.code = 'ENOSPC';
  const server = await fakeHub({ name, files: { 'a.parquet': parquet({ text: texts }) } });
  await expect(download(server, hubRequest(), { output })).rejects.toMatchObject({ code: 'output' });
  expect(existsSync(output)).toBe(false);
  expect(existsSync(`${output}.download`)).toBe(true);
});
