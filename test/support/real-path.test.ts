import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isWithin, realPath } from '../../src/support/real-path.js';
import { temporaryDirectory } from './temporary-directory.js';

describe('a real path', () => {
  it('has no links, and may end in what does not exist', async () => {
    const folder = await realPath(temporaryDirectory());
    mkdirSync(join(folder, 'a'));
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    expect(await realPath(join(folder, 'link/b/c'))).toBe(join(folder, 'a/b/c'));
  });

  it.each([
    ['/a/b', '/a', true],
    ['/a', '/a', true],
    ['/a/..b', '/a', true],
    ['/ab', '/a', false],
    ['/', '/a', false],
  ])('%s is within %s: %s', (path, directory, within) => {
    expect(isWithin(path, directory)).toBe(within);
  });
});
