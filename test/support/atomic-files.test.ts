import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { createWriteStreamAtomic, writeDirectoryAtomic, writeFileAtomic } from '../../src/support/atomic-files.js';
import { OutputError } from '../../src/support/errors.js';
import { refuseToOverwrite } from '../../src/support/output-failures.js';
import { removeStaleTemporaries } from '../../src/support/temporaries.js';
import { compiled, runModule } from './child-process.js';
import { killWhileWriting } from './killed-writes.js';
import { temporaryDirectory } from './temporary-directory.js';

describe('writeFileAtomic', () => {
  it('makes missing directories and replaces the old content', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a/b/file.txt');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, new TextEncoder().encode('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(directory, 'a/b'))).toEqual(['file.txt']);
  });

  it('explains that a part of the path is a file', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const writing = writeFileAtomic(join(directory, 'file/inner'), 'x');
    await expect(writing).rejects.toThrow(OutputError);
    await expect(writing).rejects.toThrow(/is a file, not a directory/);
    await expect(writeFileAtomic(join(directory, 'file/x/y/z'), 'x')).rejects.toThrow(/is a file, not a directory/);
  });

  it('explains that a directory stands in its place, and leaves nothing beside it', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'taken'));
    await expect(writeFileAtomic(join(directory, 'taken'), 'x')).rejects.toThrow(/a directory stands in its place/);
    expect(readdirSync(directory)).toEqual(['taken']);
  });

  it('refuses a file system that takes no files', async () => {
    await expect(writeFileAtomic('/proc/pc-test/file', 'x')).rejects.toThrow(OutputError);
  });

  it('keeps the old content when the disk is full', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    writeFileSync(path, 'old');
    const { stdout } = await runModule(
      `import { writeFileAtomic } from ${JSON.stringify(compiled('src/support/atomic-files.js'))};
       await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(100_000)).catch((error) =>
         console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })));`,
      { fileSizeLimit: 16 },
    );
    expect(JSON.parse(stdout)).toMatchObject({ code: 'output', message: /limit/, hint: /ulimit -f/ });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('leaves the old content or the new when the process is killed at any instant', async () => {
    await killWhileWriting(3);
  });
});

describe('createWriteStreamAtomic', () => {
  it('names the file only when the stream has finished', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'made/stream.txt');
    const stream = createWriteStreamAtomic(path);
    stream.write('first ');
    await new Promise((resolve) => stream.write('second', resolve));
    expect(readdirSync(join(directory, 'made'))).not.toContain('stream.txt');
    stream.end();
    await once(stream, 'finish');
    expect(readFileSync(path, 'utf8')).toBe('first second');
    expect(readdirSync(join(directory, 'made'))).toEqual(['stream.txt']);
  });

  it('leaves nothing when its source fails', async () => {
    const directory = temporaryDirectory();
    async function* failing() {
      yield Buffer.from('some');
      throw new Error('source broke');
    }
    const copying = pipeline(Readable.from(failing()), createWriteStreamAtomic(join(directory, 'out')));
    await expect(copying).rejects.toThrow('source broke');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('fails with an OutputError where it cannot write', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const copying = pipeline(Readable.from(['x']), createWriteStreamAtomic(join(directory, 'file/out')));
    await expect(copying).rejects.toThrow(OutputError);
  });
});

describe('writeDirectoryAtomic', () => {
  it('names the directory only when it is filled', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'result');
    await writeDirectoryAtomic(path, async (temporary) => {
      await writeFile(join(temporary, 'a'), '1');
      mkdirSync(join(temporary, 'inner'));
      await writeFile(join(temporary, 'inner/b'), '2');
      expect(readdirSync(directory)).not.toContain('result');
    });
    expect(readdirSync(path)).toEqual(['a', 'inner']);
    expect(readdirSync(directory)).toEqual(['result']);
  });

  it('leaves nothing when filling fails, and passes the failure on', async () => {
    const directory = temporaryDirectory();
    const making = writeDirectoryAtomic(join(directory, 'result'), async (temporary) => {
      await writeFile(join(temporary, 'a'), '1');
      throw new TypeError('filling broke');
    });
    await expect(making).rejects.toThrow(TypeError);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not replace a directory unless told to', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'result');
    const fill = (content: string) => (temporary: string) => writeFile(join(temporary, 'a'), content);
    await writeDirectoryAtomic(path, fill('old'));
    await expect(writeDirectoryAtomic(path, fill('new'))).rejects.toThrow(/exists already/);
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('old');
    await writeDirectoryAtomic(path, fill('new'), { replace: true });
    expect(readFileSync(join(path, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['result']);
  });

  it('does not blame the output for a file that could not be read', async () => {
    const directory = temporaryDirectory();
    const making = writeDirectoryAtomic(join(directory, 'result'), async () => {
      readFileSync(join(directory, 'missing-input'));
    });
    await expect(making).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('explains a place where no directory can be made', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(writeDirectoryAtomic(join(directory, 'file/x/y'), async () => undefined)).rejects.toThrow(OutputError);
    await expect(writeDirectoryAtomic('/proc/pc-test/x', async () => undefined)).rejects.toThrow(OutputError);
  });
});

describe('removeStaleTemporaries', () => {
  const MODULE = JSON.stringify(compiled('src/support/temporaries.js'));

  /** The names that a process gave, which has ended since. */
  async function namesOfADeadProcess(expression: string): Promise<string> {
    const { stdout } = await runModule(
      `import { temporaryBeside, replacedNameBeside } from ${MODULE}; console.log(${expression});`,
    );
    return stdout.trim();
  }

  it('removes files and directories of dead processes, and nothing else', async () => {
    const directory = temporaryDirectory();
    const alive = await import('../../src/support/temporaries.js');
    const dead = [0, 1].map(() => `temporaryBeside(${JSON.stringify(join(directory, 'x'))})`).join("+'\\n'+");
    const [deadFile, deadDirectory] = (await namesOfADeadProcess(dead)).split('\n');
    writeFileSync(deadFile!, '');
    mkdirSync(join(deadDirectory!, 'inner'), { recursive: true });
    writeFileSync(alive.temporaryBeside(join(directory, 'x')), '');
    writeFileSync(join(directory, '.pc-notes.tmp'), '');
    expect(await removeStaleTemporaries(directory)).toHaveLength(2);
    expect(readdirSync(directory)).toHaveLength(2);
    expect(readdirSync(directory)).toContain('.pc-notes.tmp');
  });

  it('puts back a directory whose replacement never arrived, and drops one whose replacement did', async () => {
    const directory = temporaryDirectory();
    for (const expected of ['old', 'new']) {
      const path = join(directory, expected);
      const moved = await namesOfADeadProcess(`replacedNameBeside(${JSON.stringify(path)}, '${expected}')`);
      mkdirSync(moved);
      writeFileSync(join(moved, 'content'), 'old');
    }
    mkdirSync(join(directory, 'new'));
    writeFileSync(join(directory, 'new/content'), 'new');
    await removeStaleTemporaries(directory);
    expect(readdirSync(directory)).toEqual(['new', 'old']);
    for (const name of ['new', 'old']) expect(readFileSync(join(directory, name, 'content'), 'utf8')).toBe(name);
  });

  it('leaves what another host wrote, unless nobody else works in the directory', async () => {
    const directory = temporaryDirectory();
    const name = '.pc-00000000-1-00000000-0123456789ab.tmp';
    writeFileSync(join(directory, name), '');
    expect(await removeStaleTemporaries(directory)).toEqual([]);
    expect(await removeStaleTemporaries(directory, { exclusive: true })).toEqual([name]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('has nothing to do in a directory that does not exist', async () => {
    expect(await removeStaleTemporaries(join(temporaryDirectory(), 'none'))).toEqual([]);
  });
});

describe('refuseToOverwrite', () => {
  it('lets pass what does not exist or is forced, and names --force otherwise', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    await refuseToOverwrite(path, false);
    writeFileSync(path, '');
    await refuseToOverwrite(path, true);
    await expect(refuseToOverwrite(path, false)).rejects.toMatchObject({ code: 'output', hint: /--force/ });
  });
});
