import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/support/nearest-name.js';

const NAMES = ['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte'];

describe('the nearest name', () => {
  it.each([
    ['gzpi', 'gzip'],
    ['GZIP', 'gzip'],
    ['halfbite', 'halfbyte'],
    ['dublebyte', 'doublebyte'],
    ['bitt', 'bit'],
  ])('to %s is %s', (typed, name) => {
    expect(nearestName(typed, NAMES)).toBe(name);
  });

  it.each(['zstandard', '', 'xyz'])('to "%s" is none', (typed) => {
    expect(nearestName(typed, NAMES)).toBeUndefined();
  });

  it('among none is none', () => {
    expect(nearestName('gzip', [])).toBeUndefined();
  });
});
