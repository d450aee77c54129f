import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonl, numberedTexts, temporaryData } from '../../data/temporary-data.js';
import { pc } from '../../support/pc.js';

describe('pc data shuffle', () => {
  it('writes the records in an order that the seed decides', async () => {
    const cwd = temporaryData({ 'in/a.jsonl': jsonl(numberedTexts(50)) });
    const order = async (output: string, seed: string) => {
      const { status, stdout, stderr } = await pc(['data', 'shuffle', 'in', '-o', output, '--seed', seed], { cwd });
      expect(status, stderr).toBe(0);
      expect(stdout).toContain(`${output}: 50 documents in 1 files`);
      return readFileSync(join(cwd, output, 'shuffled.chunk.00001.jsonl'), 'utf8');
    };
    const one = await order('one', '1');
    expect(await order('again', '1')).toBe(one);
    expect(await order('two', '2')).not.toBe(one);
  });

  it('stops at a bad record, naming its place, or skips it on request', async () => {
    const cwd = temporaryData({ 'in/a.jsonl': `${jsonl(['good'])}nonsense\n` });
    const args = ['data', 'shuffle', 'in', '--output', 'out'];
    const failed = await pc(args, { cwd });
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain(`${join('in', 'a.jsonl')}:2`);
    const skipped = await pc([...args, '--on-bad-record', 'skip', '--json'], { cwd });
    expect(JSON.parse(skipped.stdout)).toMatchObject({ manifest: { documents: 1 }, passedOver: { bad: 1, empty: 0 } });
  });
});
