import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readEntropyTable } from '../../../src/neural-coding/entropy-table-file.js';
import { jsonl, temporaryData } from '../../data/temporary-data.js';
import { pc } from '../../support/pc.js';
import { realCode } from '../../tokenizers/rust-library.js';

it('pc codebook segmentation makes a table, shows what segments it gives, and does not overwrite it', async () => {
  const cwd = temporaryData({ 'data/a.jsonl': jsonl(realCode(3)) });
  const args = ['codebook', 'segmentation', 'data', '-o', 'code.entropies', '--contexts', '300'];
  const made = await pc([...args, '--min-occurrences', '8', '--criterion', 'level', '--longest-segment', '9'], { cwd });
  expect(made.status, made.stderr).toBe(0);
  expect(made.stdout).toMatch(/contexts +300\n/);
  expect(made.stdout).toMatch(/segments +\d\.\d\d bytes where h > \d\.\d{3};/);
  expect((await readEntropyTable(join(cwd, 'code.entropies'))).bytes).toHaveLength(300);

  const [again, shown, misused, wrong] = await Promise.all([
    pc(args, { cwd }),
    pc([...args, '--force', '--json'], { cwd }),
    pc([...args, '--force', '--m1-bytes', '100'], { cwd }),
    pc([...args, '--force', '--jump-quantile', 'high'], { cwd }),
  ]);
  expect(again.status).toBe(1);
  expect(again.stderr).toContain('--force');
  expect(JSON.parse(shown.stdout)).toMatchObject({
    output: 'code.entropies',
    documents: 3,
    segments: { rule: { criterion: 'or', longest: 64 } },
    comparison: null,
  });
  expect([misused.status, misused.stderr]).toEqual([2, expect.stringContaining('belongs to --m1')]);
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('multiple of 0.001')]);
});
