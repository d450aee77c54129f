import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageArgument } from '../../../src/commands/shell/package-files.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

describe('what pc plugins install is given', () => {
  it.each([
    ['an absolute path', (file: string) => file],
    ['a relative path', (file: string) => relative(process.cwd(), file)],
    ['a path behind file:', (file: string) => `file:${relative(process.cwd(), file)}`],
  ])('%s becomes a path that holds from any folder', async (_, written) => {
    const file = join(temporaryDirectory(), 'pc-compressor-x-1.0.0.tgz');
    writeFileSync(file, '');
    const argument = written(file);
    expect(await packageArgument(argument, 'pc')).toBe(`file:${file}`);
  });

  it.each([
    'pc-compressor-lzw',
    'pc-compressor-lzw@1.0.0',
    '@someone/pc-compressor-lzw@next',
    'someone/pc-compressor-lzw',
    'https://example.org/pc-compressor-x-1.0.0.tgz',
    'git+ssh://git@example.org/someone/x.git',
    'git@example.org:someone/x.git',
    '--verbose',
  ])('%s stays as it is', async (argument) => {
    expect(await packageArgument(argument, 'pc')).toBe(argument);
  });

  it.each(['./nowhere.tgz', 'nowhere.tgz', 'file:nowhere'])('%s, which is not there, is refused', async (argument) => {
    const location = { file: argument.replace('file:', '') };
    const message = 'there is no such package file';
    await expect(packageArgument(argument, 'pc')).rejects.toMatchObject({ code: 'usage', message, location });
  });

  it('a folder is refused, naming the command that takes it', async () => {
    const folder = temporaryDirectory();
    const hint = expect.stringContaining(`pc plugins link ${folder}`);
    await expect(packageArgument(folder, 'pc')).rejects.toMatchObject({ code: 'usage', hint });
  });
});
