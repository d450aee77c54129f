import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resolveCodebook, resolveEntropyTable } from '../../src/neural-coding/artifacts.js';
import { CodebookError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it('takes a path that exists as it is', () => {
  const path = join(temporaryDirectory(), 'mine.codebook');
  writeFileSync(path, '');
  expect(resolveCodebook(path)).toBe(path);
});

it('says how to make a codebook that is not there', () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'codebooks'));
  const path = join(folder, 'codebooks', 'mine');
  expect(() => resolveCodebook(path)).toThrow(CodebookError);
  try {
    resolveCodebook(path);
  } catch (error) {
    expect((error as CodebookError).location.file).toBe(path);
    expect((error as CodebookError).hint).toContain(`pc codebook build DATA --output ${path}.codebook`);
  }
});

it('takes the path of an entropy table, and says how to make one that is not there', () => {
  const path = join(temporaryDirectory(), 'mine.entropies');
  expect(() => resolveEntropyTable(path)).toThrow(
    expect.objectContaining({ code: 'codebook', hint: expect.stringContaining('pc codebook segmentation') }),
  );
  writeFileSync(path, '');
  expect(resolveEntropyTable(path)).toBe(path);
});
