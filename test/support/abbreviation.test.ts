import { describe, expect, it } from 'vitest';
import { abbreviates } from '../../src/support/abbreviation.js';

describe('a name', () => {
  it.each([
    ['lr', 'learningRate'],
    ['rate', 'learningRate'],
    ['learnRate', 'learningRate'],
    ['learning_rate', 'learningRate'],
    ['seqlen', 'sequence-length'],
    ['wd', 'weightDecay'],
    ['sse', 'stepSizeSearch'],
  ])('%s is short for %s', (short, name) => {
    expect(abbreviates(short, name)).toBe(true);
  });

  it.each([
    ['rl', 'learningRate'],
    ['arning', 'learningRate'],
    ['l', 'learningRate'],
    ['learningRates', 'learningRate'],
    ['', 'learningRate'],
  ])('%s is not short for %s', (short, name) => {
    expect(abbreviates(short, name)).toBe(false);
  });
});
