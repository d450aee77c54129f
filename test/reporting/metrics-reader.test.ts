import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMetrics } from '../../src/reporting/metrics-reader.js';
import { DataError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

function file(content: string): string {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  writeFileSync(path, content);
  return path;
}

describe('reading metrics.jsonl', () => {
  it('gives each figure against steps, symbols and bytes', async () => {
    const { series, last, steps } = await readMetrics(
      file('{"step":1,"loss":3,"total_symbols":10,"total_bytes":40,"created_at":"x"}\n{"step":2,"loss":2.5}\n'),
    );
    expect(series.get('loss')).toEqual([
      { step: 1, symbols: 10, bytes: 40, value: 3 },
      { step: 2, symbols: 10, bytes: 40, value: 2.5 },
    ]);
    expect([...series.keys()]).toEqual(['loss']);
    expect(last.get('total_symbols')).toBe(10);
    expect(steps).toBe(2);
  });

  it('places a validation line by the totals of the line before', async () => {
    const { series } = await readMetrics(file('{"step":5,"total_symbols":7}\n{"step":5,"validation_loss":1}\n'));
    expect(series.get('validation_loss')![0]).toMatchObject({ step: 5, symbols: 7, bytes: Number.NaN });
  });

  it('leaves out figures that are not finite', async () => {
    const { series } = await readMetrics(file('{"step":1,"loss":null}\n{"step":2,"loss":2}\n'));
    expect(series.get('loss')).toHaveLength(1);
  });

  it('leaves out a last line that is still being written', async () => {
    const { series } = await readMetrics(file('{"step":1,"loss":3}\n{"step":2,"lo'));
    expect(series.get('loss')).toHaveLength(1);
  });

  it('names the line of anything else that is no figure', async () => {
    const reading = readMetrics(file('{"step":1,"loss":3}\nnonsense\n{"step":3,"loss":2}\n'));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toMatchObject({ location: { line: 2 } });
  });

  it('tells that a run has none', async () => {
    await expect(readMetrics(join(temporaryDirectory(), 'metrics.jsonl'))).rejects.toThrow(DataError);
  });
});
