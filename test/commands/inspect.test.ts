import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isolatedHome, PACKAGE_ROOT, pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface JsonCell {
  byteStart: number;
  byteEnd: number;
  symbols: number[];
}

interface JsonCompressor {
  name: string;
  statistics: { symbols: number; bytes: number };
  cells: JsonCell[];
}

async function inspected(args: readonly string[], cwd: string): Promise<{ compressors: JsonCompressor[] }> {
  const { status, stdout } = await pc(['inspect', '--json', ...args], { cwd });
  expect(status, stdout).toBe(0);
  return JSON.parse(stdout);
}

describe('pc inspect', () => {
  it('shows a text as every compressor that works here divides it', async () => {
    const { status, stdout, stderr } = await pc(['inspect', 'abc'], { cwd: temporaryDirectory() });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('the text: 3 bytes');
    expect(stdout).toContain('\ndoublebyte:\n▏ab▏c▏\n');
    expect(stdout).toContain('\ngzip:\n▏‹11›▏a▏b▏c▏‹9›▏\n');
    expect(stdout).not.toContain('\x1b');
  });

  it('reads a file that is no text; a compressor that refuses it is left out, or when asked for, says what to do', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'a.bin'), Uint8Array.of(0x61, 0xff, 0));
    const option = 'compressors.bpe.unrepresentable';
    const [all, named, accepting] = await Promise.all([
      pc(['inspect', '-f', 'a.bin'], { cwd }),
      pc(['inspect', '-f', 'a.bin', '--compressor', 'bpe'], { cwd }),
      pc(['inspect', '-f', 'a.bin', '--compressor', 'bpe', '--set', `${option}=bytes`], { cwd }),
    ]);
    expect(all.status, all.stderr).toBe(0);
    expect(all.stdout).toContain('\ndoublebyte:\n▏a\\xff▏\\x00▏\n');
    expect(all.stdout).toContain(`bpe is left out: the document is not valid UTF-8. Set ${option} to bytes`);
    expect(named).toMatchObject({ status: 1, stdout: '' });
    expect(named.stderr).toMatch(
      /^Error: the document is not valid UTF-8\n {2}at a\.bin\n {2}Set compressors\.bpe\.unrepresentable to bytes/,
    );
    expect(accepting.stdout).toContain('▏a▏\\xff▏\\x00▏');
  });

  it('reads standard input', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(PACKAGE_ROOT, 'bin/run.js'), 'inspect', '--compressor', 'doublebyte'],
      { input: 'abcd', encoding: 'utf8', env: { ...process.env, ...isolatedHome(), FORCE_COLOR: '1', NO_COLOR: '' } },
    );
    expect(status).toBe(0);
    expect(stdout).toContain('standard input: 4 bytes');
    expect(stdout).toContain('\x1b[30;46mab\x1b[0m\x1b[30;43mcd\x1b[0m');
  });

  it('gives with --json the symbols of the bytes that are asked for', async () => {
    const cwd = temporaryDirectory();
    const text = 'const answer = 42;\n'.repeat(40);
    writeFileSync(join(cwd, 'a.ts'), text);
    const all = await inspected(['--file', 'a.ts', '--compressor', 'gzip,halfbyte'], cwd);
    const [gzip, halfbyte] = all.compressors;
    const member = Uint8Array.from(gzip!.cells.flatMap(({ symbols }) => symbols));
    expect(gunzipSync(member).toString()).toBe(text);
    expect(gzip!.statistics).toMatchObject({ symbols: member.length, bytes: text.length });
    expect(halfbyte!.cells).toHaveLength(text.length);
    const part = await inspected(['--file', 'a.ts', '--compressor', 'halfbyte', '--bytes', '6:8'], cwd);
    expect(part.compressors[0]!.cells).toEqual(halfbyte!.cells.slice(6, 8));
    const first = await inspected(['--file', 'a.ts', '--compressor', 'halfbyte', '--max-bytes', '5'], cwd);
    expect(first.compressors[0]!.cells).toEqual(halfbyte!.cells.slice(0, 5));
  });

  it('uses the options of the project and of the command line', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'pc.config.yaml'), 'compressors:\n  gzip:\n    level: 0\n');
    const symbols = async (...args: string[]) => (await inspected(args, cwd)).compressors[0]!.statistics.symbols;
    // A stored block of 200 bytes: five bytes before it, and the eighteen of header and checksum around.
    expect(await symbols('a'.repeat(200), '--compressor', 'gzip')).toBe(223);
    const compressed = await symbols('a'.repeat(200), '--compressor', 'gzip', '--set', 'compressors.gzip.level=9');
    expect(compressed).toBeLessThan(40);
  });

  it('divides a text of several megabytes, and still says all of it', async () => {
    const cwd = temporaryDirectory();
    const line = `${'x'.repeat(99)}\n`;
    writeFileSync(join(cwd, 'long.txt'), line.repeat(45_000));
    const { stdout, status } = await pc(
      ['inspect', '-f', 'long.txt', '--compressor', 'doublebyte', '--bytes', '4200000:4200003'],
      { cwd },
    );
    expect(status).toBe(0);
    expect(stdout).toContain('long.txt: 4,500,000 bytes; shown are bytes 4,200,000 to 4,200,003');
    expect(stdout).toContain('encoded as 2 documents');
    expect(stdout).toContain('▏xx▏x▏');
    expect(stdout).toMatch(/doublebyte +2,250,000 +2\.000/);
  });

  it('writes a page, and replaces it only when told to', async () => {
    const cwd = temporaryDirectory();
    const page = join(cwd, 'pages/a.html');
    const write = (...args: string[]) => pc(['inspect', 'abc', '--html', page, ...args], { cwd });
    const { status, stdout } = await write();
    expect(status).toBe(0);
    expect(stdout).toContain(`Wrote ${page}`);
    expect(readFileSync(page, 'utf8')).toContain('<!doctype html>');
    const again = await write();
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('--force');
    expect((await write('--force')).status).toBe(0);
  });

  it.each([
    ['a text and a file', ['abc', '--file', 'a.txt'], 2, 'a text and a file'],
    ['a file that is not there', ['--file', 'a.txt'], 1, 'no such file'],
    ['a directory', ['--file', 'folder'], 1, 'this is a directory'],
    ['an unknown compressor', ['abc', '--compressor', 'gzp'], 2, 'Did you mean "gzip"'],
    ['a compressor named twice', ['abc', '--compressor', 'bit,bit'], 2, 'twice'],
    ['a range that is none', ['abc', '--bytes', '5:2'], 2, '--bytes 5:2 is no range'],
    ['a range behind the text', ['abc', '--bytes', '5:6'], 2, 'behind the last of 3 bytes'],
    ['a bad option', ['abc', '--set', 'compressors.gzip.level=77'], 2, 'compressors.gzip.level'],
    ['a setting without effect', ['abc', '--set', 'optim.learningRate=1'], 2, 'would be ignored'],
  ])('refuses %s', async (_, args, expectedStatus, message) => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'folder'));
    const { status, stderr } = await pc(['inspect', ...args], { cwd });
    expect(stderr).toContain(message);
    expect(status).toBe(expectedStatus);
  });
});
