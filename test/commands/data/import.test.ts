import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryData } from '../../data/temporary-data.js';
import { isolatedHome, PACKAGE_ROOT, pc } from '../../support/pc.js';

const tree = () =>
  temporaryData({
    'tree/a.ts': 'let a = 1;\n',
    'tree/b.ts': 'let b = 2;\n',
    'tree/c.md': '# c\n',
    'tree/picture.png': Uint8Array.of(137, 80, 78, 71, 0),
  });

describe('pc data import', () => {
  it('writes ROOT/SOURCE and ROOT/validation, and says what it took and left out', async () => {
    const cwd = tree();
    const { status, stdout, stderr } = await pc(['data', 'import', 'tree', '--validation', '0.1'], { cwd });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain(`${join('data', 'train')}: 2 documents`);
    expect(stdout).toContain(`${join('data', 'validation')}: 1 documents`);
    expect(stdout).toContain('left out: 1 binary');
    expect(existsSync(join(cwd, 'data/train/source.chunk.00001.jsonl'))).toBe(true);
    expect(JSON.parse(readFileSync(join(cwd, 'data/validation/manifest.json'), 'utf8')).documents).toBe(1);
  });

  it('takes what its flags ask for, and prints its report with --json', async () => {
    const cwd = tree();
    const args = ['--root', 'elsewhere', '--source', 'code', '--extensions', '.md', '--prefix', 'x', '--json'];
    const { status, stdout } = await pc(['data', 'import', 'tree', ...args], { cwd });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      training: { documents: 1 },
      validation: null,
      skipped: { extension: 3 },
    });
    expect(existsSync(join(cwd, 'elsewhere/code/x.chunk.00001.jsonl'))).toBe(true);
  });

  it('refuses to overwrite a dataset without --force', async () => {
    const cwd = tree();
    expect((await pc(['data', 'import', 'tree'], { cwd })).status).toBe(0);
    const again = await pc(['data', 'import', 'tree'], { cwd });
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/exists already[\s\S]*--force/);
    expect((await pc(['data', 'import', 'tree', '--force'], { cwd })).status).toBe(0);
  });

  it.each(['../../x', '.', 'a/../..', '/tmp/x'])(
    'refuses the source %j, which is not below the root',
    async (source) => {
      const cwd = tree();
      const { status, stderr } = await pc(['data', 'import', 'tree', '--source', source], { cwd });
      expect(status).toBe(2);
      expect(stderr).toContain('--source must be a folder below data');
      expect(readdirSync(cwd)).toEqual(['tree']);
    },
  );

  it('refuses to put what is trained on where the held-out documents go', async () => {
    const cwd = tree();
    const args = ['--source', 'validation', '--validation', '0.1'];
    expect((await pc(['data', 'import', 'tree', ...args], { cwd })).status).toBe(2);
    expect(readdirSync(cwd)).toEqual(['tree']);
  });

  it('takes nothing from the datasets beside it', async () => {
    const cwd = tree();
    expect((await pc(['data', 'import', '.', '--validation', '0.1'], { cwd })).status).toBe(0);
    const { stdout } = await pc(['data', 'import', '.', '--source', 'other'], { cwd });
    expect(stdout).toContain(`${join('data', 'other')}: 3 documents`);
    expect(stdout).toContain('1 dataset folder');
  });

  it('refuses a share that is none, as bad usage', async () => {
    const { status, stderr } = await pc(['data', 'import', 'tree', '--validation', '5%'], { cwd: tree() });
    expect(status).toBe(2);
    expect(stderr).toContain('--validation must be between 0 and 1, not 5%');
  });

  it('leaves nothing behind where the disk is full', () => {
    const cwd = temporaryData({ 'tree/a.txt': 'x'.repeat(400_000), 'tree/b.txt': 'y'.repeat(400_000) });
    // In blocks of 1024 bytes: the first file that grows beyond 100 kB cannot be written on.
    const command = `ulimit -f 100; exec "${process.execPath}" "${join(PACKAGE_ROOT, 'bin/run.js')}" data import tree`;
    const { status, stderr } = spawnSync('bash', ['-c', command], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, ...isolatedHome(), NODE_ENV: 'production' },
    });
    expect(stderr).toMatch(/cannot write .*the file would exceed the limit on file sizes/);
    expect(status).toBe(1);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  it('says that it cannot write where it may not', async () => {
    const { status, stderr } = await pc(['data', 'import', 'tree', '--root', '/proc/data'], { cwd: tree() });
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot write|cannot be created/);
  });

  it('says that a folder is not there', async () => {
    const { status, stderr } = await pc(['data', 'import', 'gone'], { cwd: tree() });
    expect(status).toBe(1);
    expect(stderr).toContain('the folder cannot be read');
    expect(stderr).toContain('gone');
  });
});
