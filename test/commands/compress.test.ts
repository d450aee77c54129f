import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryData } from '../data/temporary-data.js';
import { repeatingWeights, saveByteModel } from '../neural-coding/random-byte-model.js';
import { isolatedHome, PACKAGE_ROOT, pc } from '../support/pc.js';

const TEXT = 'for i in range(10):\n    print(i)\n'.repeat(300);

describe('pc compress and pc decompress', () => {
  it('turn files into smaller ones and back, and say how much smaller', async () => {
    const cwd = temporaryData({ 'a.py': TEXT, 'b.bin': '' });
    const made = await pc(['compress', 'a.py', 'b.bin', '--compressor', 'gzip'], { cwd });
    expect(made).toMatchObject({ status: 0 });
    expect(made.stdout).toMatch(/FILE +BYTES +COMPRESSED +RATIO +BITS\/BYTE +MB\/s/);
    expect(made.stdout).toMatch(/^a\.py\.pcz +9,900 +[\d,]+ +\d+\.\d{3} +0\.\d{3} +[\d.]+$/m);
    expect(made.stdout).toMatch(/^b\.bin\.pcz +0 +[\d,]+ +– +– /m);
    for (const name of ['a.py', 'b.bin']) {
      const back = await pc(['decompress', `${name}.pcz`, '-o', `back/${name}`], { cwd });
      expect(back).toMatchObject({ status: 0 });
      expect(readFileSync(join(cwd, 'back', name))).toEqual(readFileSync(join(cwd, name)));
    }
  });

  it('take options of the compressor, which the file remembers', async () => {
    const cwd = temporaryData({ 'a.py': TEXT, 'pc.config.yaml': 'compressors: { gzip: { level: 1 } }\n' });
    const flags = ['--compressor', 'gzip', '--set', 'compressors.gzip.engine=native', '--json'];
    const { stdout } = await pc(['compress', 'a.py', ...flags], { cwd });
    const { fingerprint, files } = JSON.parse(stdout);
    expect(fingerprint).toContain('level=1');
    expect(files).toMatchObject([{ input: 'a.py', output: 'a.py.pcz', textBytes: 9900, blocks: 1, stored: 0 }]);
    writeFileSync(join(cwd, 'pc.config.yaml'), 'compressors: { gzip: { level: 9 } }\n');
    const back = await pc(['decompress', 'a.py.pcz', '-o', 'b.py', '--json'], { cwd });
    expect(JSON.parse(back.stdout)).toMatchObject({ name: 'a.py', fingerprint, compressor: 'gzip', textBytes: 9900 });
    expect(readFileSync(join(cwd, 'b.py'), 'utf8')).toBe(TEXT);
  });

  it('read standard input and write standard output', async () => {
    const cwd = temporaryData({ 'a.py': TEXT });
    const compressed = await piped(['compress', '-', '--compressor', 'gzip'], Buffer.from(TEXT));
    expect(compressed.status).toBe(0);
    const back = await piped(['decompress', '-'], compressed.stdout);
    expect(back.stdout.toString()).toBe(TEXT);
    const json = await pc(['compress', 'a.py', '-o', '-', '--json'], { cwd });
    expect(json).toMatchObject({ status: 2 });
    expect(json.stdout).toContain('--json and the data cannot both go to standard output');
  });

  it('name the option of the codebook that a file was made with, where it is not here any more', async () => {
    const cwd = temporaryData({ 'a.py': TEXT });
    const own = join(cwd, 'own.codebook');
    copyFileSync(join(PACKAGE_ROOT, 'artifacts/codebooks/code-12.codebook'), own);
    const flags = ['--compressor', 'neural', '--set', `compressors.neural.codebook=${own}`];
    expect(await pc(['compress', 'a.py', ...flags], { cwd })).toMatchObject({ status: 0 });
    renameSync(own, join(cwd, 'moved.codebook'));
    const hint = 'Name the codebook that it was made with by --set compressors.neural.codebook=PATH.';
    const gone = await pc(['decompress', 'a.py.pcz', '-o', 'b.py'], { cwd });
    expect(gone).toMatchObject({ status: 1, stderr: expect.stringContaining(hint) });
    const other = ['--set', 'compressors.neural.codebook=code-16'];
    const wrong = await pc(['decompress', 'a.py.pcz', '-o', 'b.py', ...other], { cwd });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining(hint) });
    expect(existsSync(join(cwd, 'b.py'))).toBe(false);
  });

  it('code streams under a byte model, and refuse another one before they write anything', async () => {
    // What the model expects: every byte again.
    const cwd = temporaryData({ 'a.py': `${'a'.repeat(300)}${'b'.repeat(300)}` });
    await saveByteModel(join(cwd, 'model'), repeatingWeights(1));
    await saveByteModel(join(cwd, 'other'), repeatingWeights(2));
    const made = await pc(['compress', 'a.py', '--coder', 'stream', '--model', 'model', '--json'], { cwd });
    expect(made).toMatchObject({ status: 0 });
    const { files, bits } = JSON.parse(made.stdout);
    expect(files).toMatchObject([{ textBytes: 600, blocks: 1, stored: 0 }]);
    expect(bits.coded).toBeLessThan(600);
    const other = await pc(['decompress', 'a.py.pcz', '--model', 'other', '-o', 'b.py'], { cwd });
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/the file was made by stream:1;.*, and here is stream:1;.*/);
    expect(other.stderr).toContain('--model DIR');
    expect(existsSync(join(cwd, 'b.py'))).toBe(false);
    expect(await pc(['decompress', 'a.py.pcz', '-o', 'b.py'], { cwd })).toMatchObject({ status: 0 });
    expect(readFileSync(join(cwd, 'b.py'))).toEqual(readFileSync(join(cwd, 'a.py')));
  });

  it('store what a model makes no shorter, and say what it would have cost', async () => {
    const cwd = temporaryData({ 'a.py': TEXT.slice(0, 600) });
    await saveByteModel(join(cwd, 'model'), repeatingWeights(1));
    const { stdout } = await pc(['compress', 'a.py', '--coder', 'stream', '--model', 'model'], { cwd });
    expect(stdout).toContain('a.py.pcz: 1 of 1 blocks are stored as they are: no code is shorter.');
    expect(stdout).toMatch(/Bits per byte: \d+\.\d{4} under the model, \d+\.\d{4} under its frequencies in integers/);
  });

  it('replace nothing without --force', async () => {
    const cwd = temporaryData({ 'a.py': TEXT, 'a.py.pcz': 'mine' });
    const refused = await pc(['compress', 'a.py', '--compressor', 'gzip'], { cwd });
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain('a.py.pcz exists already');
    expect(readFileSync(join(cwd, 'a.py.pcz'), 'utf8')).toBe('mine');
    expect(await pc(['compress', 'a.py', '--compressor', 'gzip', '--force'], { cwd })).toMatchObject({ status: 0 });
    expect((await pc(['decompress', 'a.py.pcz'], { cwd })).stderr).toContain('a.py exists already');
  });

  it('leave nothing where the file is damaged', async () => {
    const cwd = temporaryData({ 'a.py': TEXT });
    await pc(['compress', 'a.py', '--compressor', 'gzip'], { cwd });
    const file = readFileSync(join(cwd, 'a.py.pcz'));
    file[file.length - 60]! ^= 1;
    writeFileSync(join(cwd, 'b.pcz'), file);
    const { status, stderr } = await pc(['decompress', 'b.pcz'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: block 1 at byte \d+ is damaged\n {2}at b\.pcz/);
    expect(readdirSync(cwd).sort()).toEqual(['a.py', 'a.py.pcz', 'b.pcz']);
  });

  it('leave nothing when they are stopped', async () => {
    const cwd = temporaryData({});
    const child = start(['compress', '-', '-o', 'out.pcz', '--compressor', 'gzip'], cwd);
    child.stdin.write(TEXT);
    await appears(cwd);
    child.kill('SIGINT');
    const [status] = await once(child, 'close');
    expect(status).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('refuse what cannot be meant', async () => {
    const cwd = temporaryData({ 'a.py': TEXT, 'b.py': TEXT });
    const said = async (args: string[]) => (await pc(args, { cwd })).stderr;
    expect(await said(['compress', 'a.py', 'b.py', '-o', 'c.pcz'])).toContain('--output c.pcz is one file, and 2');
    expect(await said(['compress', 'a.py', '--model', 'm'])).toContain('read only with --coder stream');
    expect(await said(['decompress', 'a.py'])).toContain('a.py does not end with .pcz');
    expect(await said(['decompress', 'a.py', '-o', 'x'])).toContain('this is no file of `pc compress`');
  });
});

function start(args: readonly string[], cwd = PACKAGE_ROOT) {
  return spawn(process.execPath, [join(PACKAGE_ROOT, 'bin/run.js'), ...args], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', ...isolatedHome() },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

async function piped(args: readonly string[], input: Buffer): Promise<{ status: number; stdout: Buffer }> {
  const child = start(args);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stdin.end(input);
  const [status] = await once(child, 'close');
  return { status, stdout: Buffer.concat(parts) };
}

/** Waits until the command has begun to write. */
async function appears(directory: string): Promise<void> {
  while (readdirSync(directory).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
