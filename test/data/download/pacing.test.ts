import { describe, expect, it } from 'vitest';
import { backoff, Pace, retryAfter } from '../../../src/data/download/pacing.js';
import { hurriedClock } from './run-download.js';

describe('backoff', () => {
  it('doubles with every attempt, up to a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => backoff(attempt, 1))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
    ]);
  });

  it('is anything from nothing to that, by chance', () => {
    expect([0, 0.25, 1].map((random) => backoff(3, random))).toEqual([0, 1000, 4000]);
  });
});

describe('retryAfter', () => {
  const date = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
    ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
    ['soon', null],
    [null, null],
  ])('reads %j as %j ms', (header, milliseconds) => {
    expect(retryAfter(header, date)).toBe(milliseconds);
  });
});

describe('Pace', () => {
  it('spaces requests evenly', async () => {
    const clock = hurriedClock();
    const pace = new Pace(4, clock);
    const begun: number[] = [];
    for (let i = 0; i < 4; i++) {
      await pace.turn(undefined);
      begun.push(clock.now());
    }
    expect(begun).toEqual([0, 250, 500, 750]);
  });

  it('lets none begin during a pause', async () => {
    const clock = hurriedClock();
    const pace = new Pace(null, clock);
    pace.pause(5000);
    await pace.turn(undefined);
    expect(clock.now()).toBe(5000);
  });
});
