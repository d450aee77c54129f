import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Point, SeriesBuilder, smoothed } from '../../src/reporting/series.js';

const point = (step: number, value = step): Point => ({ step, symbols: step * 10, bytes: step * 40, value });

function build(count: number, capacity?: number): Point[] {
  const builder = new SeriesBuilder(capacity);
  for (let step = 1; step <= count; step++) builder.add(point(step));
  return builder.points();
}

describe('a thinned-out series', () => {
  it('is the stream itself while it is short', () => {
    expect(build(8, 8)).toEqual(Array.from({ length: 8 }, (_, i) => point(i + 1)));
  });

  it('never has more points than its capacity, and half of it at least', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 5000 }), (count) => {
        const { length } = build(count, 8);
        expect(length).toBeLessThanOrEqual(8);
        expect(length).toBeGreaterThanOrEqual(4);
      }),
    );
  });

  it('consists of means of neighbours, in order', () => {
    expect(build(9, 8).map(({ value }) => value)).toEqual([1.5, 3.5, 5.5, 7.5, 9]);
    expect(build(9, 8)[1]).toEqual({ step: 3.5, symbols: 35, bytes: 140, value: 3.5 });
  });

  it('grows with the run by nothing but its own points', () => {
    expect(build(1_000_000).length).toBeLessThanOrEqual(400);
  });
});

describe('a smoothed curve', () => {
  it('keeps its ends and its straight lines', () => {
    const line = Array.from({ length: 100 }, (_, i) => point(i));
    expect(smoothed(line).map(({ value }) => value)).toEqual(line.map(({ value }) => value));
  });

  it('evens out what jumps', () => {
    const jumping = Array.from({ length: 100 }, (_, i) => point(i, i % 2));
    const middle = smoothed(jumping, 0.2).slice(20, 80);
    expect(middle.every(({ value }) => Math.abs(value - 0.5) < 0.1)).toBe(true);
  });
});
