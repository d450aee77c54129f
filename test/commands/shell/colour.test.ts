import { describe, expect, it } from 'vitest';
import { usesColour } from '../../../src/commands/shell/colour.js';

const terminal = { isTTY: true, hasColors: () => true };
const plainTerminal = { isTTY: true, hasColors: () => false };
const file = {};

describe('colour', () => {
  it('is for terminals that have it', () => {
    expect([terminal, plainTerminal, file].map((output) => usesColour(output, {}))).toEqual([true, false, false]);
  });

  it('is never used under NO_COLOR, unless that is empty', () => {
    expect(usesColour(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
    expect(usesColour(terminal, { NO_COLOR: '' })).toBe(true);
  });

  it('is as FORCE_COLOR says', () => {
    expect(usesColour(file, { FORCE_COLOR: '1' })).toBe(true);
    expect(usesColour(terminal, { FORCE_COLOR: '0' })).toBe(false);
  });
});
