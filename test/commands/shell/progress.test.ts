import { describe, expect, it } from 'vitest';
import { describeDuration, describeProgress, ProgressReporter } from '../../../src/commands/shell/progress.js';

describe('progress', () => {
  it.each([
    [{ done: 12e6, total: 40e6, unit: 'bytes' }, 4, '12.0 MB of 40.0 MB · 3.0 MB/s · 9 s left'],
    [{ done: 999, unit: 'bytes' }, 1, '999 B · 999 B/s'],
    [{ done: 1000, unit: 'bytes' }, 1, '1.0 kB · 1.0 kB/s'],
    [{ done: 30, total: 120, unit: 'documents' }, 12, '30 documents of 120 documents · 2.5 documents/s · 36 s left'],
    [{ done: 0, total: 10, unit: 'steps' }, 0, '0 steps of 10 steps'],
    [{ done: 50, before: 40, total: 60, unit: 'steps' }, 5, '50 steps of 60 steps · 2 steps/s · 5 s left'],
    [
      { done: 30, total: 120, unit: 'documents', received: 6e6 },
      12,
      '30 documents of 120 documents · 6.0 MB received, 500.0 kB/s · 36 s left',
    ],
  ])('%j after %d s reads %s', (progress, seconds, line) => {
    expect(describeProgress(progress, seconds)).toBe(line);
  });

  it.each([
    [9.4, '9 s'],
    [200, '3 min 20 s'],
    [3599.7, '1 h 00 min'],
    [7500, '2 h 05 min'],
  ])('%d seconds read %s', (seconds, text) => {
    expect(describeDuration(seconds)).toBe(text);
  });

  it('is shown at most once in an interval', () => {
    const lines: string[] = [];
    let now = 0;
    const reporter = new ProgressReporter(
      (line) => lines.push(line),
      100,
      () => now,
    );
    for (now = 0; now <= 250; now += 10) reporter.report({ done: now, unit: 'steps' });
    expect(lines).toEqual(['100 steps · 1000 steps/s', '200 steps · 1000 steps/s']);
  });
});
