import { describe, expect, it } from 'vitest';
import { describeQuickstart } from '../../../src/commands/shell/quickstart-lines.js';
import type { ModelResult } from '../../../src/quickstart/index.js';

describe('what a quickstart found', () => {
  it('is of equal compute where no model is more than a step behind', () => {
    expect(linesFor(1000, 910)).toContain('All had the same compute, symbols a step, heads and context.');
  });

  it('is not of equal compute where the time was too short for it', () => {
    const text = linesFor(184, 119);
    expect(text).not.toContain('the same compute, symbols');
    expect(text).toContain('not the same compute: more --minutes make it equal');
  });
});

function linesFor(...gigaflops: number[]): string {
  const results = {
    models: gigaflops.map((flops) => model(flops * 1e9)),
    comparisons: [],
    heldOut: { documents: 2, bytes: 1000 },
    report: 'report.html',
  };
  return describeQuickstart(results).join('\n');
}

function model(flops: number): ModelResult {
  const sizes = { parameters: 100, steps: 10, symbols: 20_480, bytes: 20_000, trainingSeconds: 6 };
  return {
    name: 'bytes',
    title: 'Bytes',
    run: 'runs/bytes',
    untrained: 8,
    trained: 5,
    interval: null,
    flops,
    ...sizes,
  };
}
