import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CodebookFacts } from '../../../src/data/codebook-building/codebook-facts.js';
import { readCodebook } from '../../../src/neural-coding/codebook-file.js';
import { jsonl, temporaryData } from '../../data/temporary-data.js';
import { randomWeights, saveByteModel } from '../../neural-coding/random-byte-model.js';
import { pc } from '../../support/pc.js';
import { realCode } from '../../tokenizers/rust-library.js';

describe('pc codebook', () => {
  it('builds a codebook, shows it and verifies it', async () => {
    const texts = realCode(2);
    const cwd = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const args = ['codebook', 'build', 'data', '-o', 'mine.codebook', '--window-bits', '12', '--coder', 'lester'];
    const built = await pc([...args, '--rounds', '1', '--validation', 'data'], { cwd });
    expect(built.status, built.stderr).toBe(0);
    expect(built.stdout).toMatch(/bytes per window/);
    const [again, info, shown, verified] = await Promise.all([
      pc(args, { cwd }),
      pc(['codebook', 'info', 'mine.codebook', '--data', 'data', '--top', '2', '--json'], { cwd }),
      pc(['codebook', 'info', 'mine.codebook', '--data', 'data', '--top', '2'], { cwd }),
      pc(['codebook', 'verify', 'mine.codebook', '--data', 'data'], { cwd }),
    ]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('--force');
    const facts = JSON.parse(info.stdout) as CodebookFacts;
    expect(facts).toMatchObject({ windowBits: 12, coder: 'lester', data: { statistics: { documents: 2 } } });
    expect(facts.data!.frequentPhrases).toHaveLength(2);
    expect(facts.data!.collisions.codes).toBeGreaterThan(0);
    expect(shown.stdout).toMatch(/codes that stand for several texts: [\d,]+, in \d+\.\d % of the windows/);
    expect(verified.stdout).toContain('2 documents came back');
  });

  it('builds one of a trained model, without any text', async () => {
    const cwd = temporaryData({ 'held-out.jsonl': jsonl(realCode(1)) });
    await saveByteModel(join(cwd, 'm1'), randomWeights(3, { windowSize: 64 }));
    const from = ['--from', 'm1', '--m1', 'm1', '--corpus', 'random numbers', '--validation', 'held-out.jsonl'];
    const built = await pc(['codebook', 'build', '-o', 'mine.codebook', '--window-bits', '12', ...from], { cwd });
    expect(built.status, built.stderr).toBe(0);
    expect(built.stdout).toMatch(/^1 +the model/m);
    expect(built.stdout).not.toMatch(/^ +text/m);
    const { provenance } = await readCodebook(join(cwd, 'mine.codebook'));
    expect(provenance).toMatchObject({ source: 'm1', corpus: 'random numbers' });
    expect(provenance.modelFingerprint).toContain('onnxruntime');
  });

  it('refuses flags of the other source, and counts without data', async () => {
    const cwd = temporaryData({});
    const build = (...args: string[]) => pc(['codebook', 'build', '-o', 'x', ...args], { cwd });
    const [foreign, model, data, wide] = await Promise.all([
      build('--m1', 'runs/m1'),
      build('--from', 'm1'),
      build(),
      build('data', '--window-bits', '24'),
    ]);
    for (const { status } of [foreign, model, data, wide]) expect(status).toBe(2);
    expect(foreign.stderr).toContain('--m1 belongs to --from m1');
    expect(model.stderr).toContain('--m1 CHECKPOINT');
    expect(data.stderr).toContain('pc data import');
  });

  it('tells a damaged codebook from a sound one', async () => {
    const cwd = temporaryData({ 'data/a.jsonl': jsonl(realCode(1)) });
    const built = await pc(['codebook', 'build', 'data', '-o', 'a', '--window-bits', '12', '--rounds', '1'], { cwd });
    expect(built.status, built.stderr).toBe(0);
    const content = readFileSync(join(cwd, 'a'));
    content[content.length >> 1]! ^= 1;
    writeFileSync(join(cwd, 'b'), content);
    const verified = await pc(['codebook', 'verify', 'b', '--json'], { cwd });
    expect(verified.status).toBe(1);
    expect(JSON.parse(verified.stdout)).toMatchObject({ error: { code: 'codebook' } });
  });
});
