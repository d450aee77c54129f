import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let cwd: string;
let texts: string;
beforeEach(() => {
  cwd = temporaryDirectory();
  texts = temporaryDirectory();
  for (let i = 0; i < 40; i++) writeFileSync(join(texts, `${i}.txt`), `document ${i}\n`.repeat(10));
});

describe('pc init', () => {
  it('writes a configuration that loads, and training and validation data from the folder it is given', async () => {
    const { status, stdout } = await pc(['init', '--data', texts], { cwd });
    expect(status).toBe(0);
    expect(stdout).toContain('pc train');
    const { config, origins } = await loadConfig({ cwd });
    expect(config).toMatchObject({
      model: { hiddenSize: 128, predictionHeads: 1, rawHeads: 1 },
      data: { compressor: 'neural', rate: 0.9 },
      compressors: { neural: { codebook: 'code-12' } },
    });
    expect(origins.get('data.validation')?.label).toMatch(/^pc\.config\.yaml:\d+$/);
    for (const folder of ['data/train', config.data.validation!]) {
      const manifest = JSON.parse(readFileSync(join(cwd, folder, 'manifest.json'), 'utf8')) as { documents: number };
      expect(manifest.documents).toBeGreaterThan(0);
    }
  });

  it('is overridden by --mix and --rate as typed', async () => {
    await pc(['init', '--data', texts], { cwd });
    const { config } = await loadConfig({
      cwd,
      flags: [
        { flag: '--rate', path: ['data', 'rate'], value: 0.5 },
        { flag: '--rate', path: ['data', 'schedule'], value: null },
      ],
    });
    expect(config.data).toMatchObject({ rate: 0.5, schedule: null });
  });

  it('replaces a project only with --force', async () => {
    writeFileSync(join(cwd, 'pc.config.yaml'), 'steps: 1\n');
    const refused = await pc(['init', '--data', texts], { cwd });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(join(cwd, 'pc.config.yaml'), 'utf8')).toBe('steps: 1\n');
    expect(existsSync(join(cwd, 'data'))).toBe(false);
    const { status } = await pc(['init', '--data', texts, '--force'], { cwd });
    expect(status).toBe(0);
    expect(readFileSync(join(cwd, 'pc.config.yaml'), 'utf8')).toContain('extends:');
  });

  it.each([
    ['no file', {}, 'no files were found'],
    ['one file', { 'a.txt': 'one' }, 'holding out took the only document'],
  ])('says what is wrong with a folder of %s, without flags it lacks, and leaves nothing', async (_, files, why) => {
    const folder = temporaryDirectory();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stderr } = await pc(['init', '--data', folder], { cwd });
    expect(status).toBe(1);
    expect(stderr.replace(/\s+/g, ' ')).toContain(why);
    expect(stderr).not.toContain('--extensions');
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('keeps data that is there already, unless it is given other data', async () => {
    await pc(['data', 'import', texts, '--validation', '0.2'], { cwd });
    const before = readFileSync(join(cwd, 'data/train/manifest.json'), 'utf8');
    const refused = await pc(['init', '--data', texts], { cwd });
    expect(refused.stderr).toContain('data/train');
    const { status, stdout } = await pc(['init'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toContain('data/train, as it is');
    expect(existsSync(join(cwd, 'pc.config.yaml'))).toBe(true);
    expect(readFileSync(join(cwd, 'data/train/manifest.json'), 'utf8')).toBe(before);
  });

  it('does not put a second configuration beside one in another format', async () => {
    writeFileSync(join(cwd, 'pc.config.json'), '{"steps": 1}');
    const { status, stderr } = await pc(['init', '--data', texts, '--force'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain('pc.config.json');
  });

  it('leaves no configuration behind when there is nothing to import', async () => {
    const empty = join(cwd, 'empty');
    mkdirSync(empty);
    const { status } = await pc(['init', '--data', empty], { cwd });
    expect(status).toBe(1);
    expect(existsSync(join(cwd, 'pc.config.yaml'))).toBe(false);
  });
});
