import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OutputError } from '../../../src/support/errors.js';
import { openMetricsFile } from '../../../src/training/logging/metrics-file.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const clock = () => 1_700_000_000_000;
const at = '2023-11-14T22:13:20.000Z';

describe('metrics.jsonl', () => {
  it('has one object a line, the step first and the time last', async () => {
    const path = join(temporaryDirectory(), 'run', 'metrics.jsonl');
    const metrics = await openMetricsFile(path, null, clock);
    await metrics.log(10, { loss: 2.5, learning_rate: 9e-4 });
    await metrics.log(20, { loss: Number.NaN });
    await metrics.close();
    expect(readFileSync(path, 'utf8')).toBe(
      `{"step":10,"loss":2.5,"learning_rate":0.0009,"created_at":"${at}"}\n{"step":20,"loss":null,"created_at":"${at}"}\n`,
    );
  });

  it('has every line on the system when log returns', async () => {
    const path = join(temporaryDirectory(), 'metrics.jsonl');
    const metrics = await openMetricsFile(path, null);
    await metrics.log(1, { loss: 1 });
    expect(readFileSync(path, 'utf8')).toContain('"loss":1');
    await metrics.close();
  });

  it('forgets what follows the resumed step, and a line that was being written', async () => {
    const path = join(temporaryDirectory(), 'metrics.jsonl');
    const first = await openMetricsFile(path, null, clock);
    for (const step of [10, 20, 20, 30, 40]) await first.log(step, { loss: step });
    await first.close();
    appendFileSync(path, '{"step":45,"lo');

    const resumed = await openMetricsFile(path, 20, clock);
    await resumed.log(30, { loss: -30 });
    await resumed.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { step: number; loss: number }).loss)).toEqual([10, 20, 20, -30]);
  });

  it('keeps everything when nothing follows, except a torn line', async () => {
    const path = join(temporaryDirectory(), 'metrics.jsonl');
    writeFileSync(path, '{"step":1}\n{"step":2}\n{"st');
    await (await openMetricsFile(path, 2)).close();
    expect(readFileSync(path, 'utf8')).toBe('{"step":1}\n{"step":2}\n');
  });

  it('finds lines that are longer than a read', async () => {
    const path = join(temporaryDirectory(), 'metrics.jsonl');
    const long = JSON.stringify({ step: 1, note: 'x'.repeat(200_000) });
    writeFileSync(path, `${long}\n${long}\n{"step":2}\n`);
    await (await openMetricsFile(path, 1)).close();
    expect(readFileSync(path, 'utf8')).toBe(`${long}\n${long}\n`);
  });

  it('is not overwritten by a new run, and is made by a resumed one that never wrote any', async () => {
    const path = join(temporaryDirectory(), 'metrics.jsonl');
    await (await openMetricsFile(path, 5)).close();
    await expect(openMetricsFile(path, null)).rejects.toThrow(OutputError);
  });
});
