import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSourceCode } from '../../src/data/source-candidates.js';
import { DataError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

function project(folders: Record<string, string>): string {
  const cwd = temporaryDirectory();
  for (const [folder, file] of Object.entries(folders)) {
    mkdirSync(join(cwd, folder));
    writeFileSync(join(cwd, folder, file), 'x'.repeat(1000));
  }
  return cwd;
}

describe('source code on this machine', () => {
  it('is that of the directory, where there is enough', async () => {
    const cwd = project({ src: 'a.py', lib: 'b.ts' });
    expect(await findSourceCode(cwd, 1500)).toMatchObject({
      title: 'the source code in this directory',
      directories: [join(cwd, 'lib'), join(cwd, 'src')],
    });
  });

  it('leaves out what was installed, built or imported, and what is no code', async () => {
    const cwd = project({ node_modules: 'a.js', runs: 'b.py', '.git': 'c.py', src: 'd.bin' });
    const { title, directories } = await findSourceCode(cwd, 900);
    expect(title).not.toBe('the source code in this directory');
    expect(directories.length).toBeGreaterThan(0);
  });

  it('is that of the dependencies in an empty directory', async () => {
    const { directories } = await findSourceCode(temporaryDirectory());
    expect(directories.some((directory) => directory.endsWith(join('node_modules', 'zod')))).toBe(true);
  });

  it('may be nowhere enough', async () => {
    await expect(findSourceCode(temporaryDirectory(), 1e15)).rejects.toThrow(DataError);
  });
});
