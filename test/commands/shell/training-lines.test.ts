import { describe, expect, it } from 'vitest';
import { trainingObserver } from '../../../src/commands/shell/training-lines.js';

describe('the line of a validation', () => {
  it.each([
    [true, 'step 6: 2.5000 bits per byte of held-out text, as raw bytes'],
    [false, 'step 6: 2.5000 bits per byte of held-out text, in the training representation: no raw text is trained on'],
  ])('says what was measured (raw: %s)', (isRaw, line) => {
    const lines: string[] = [];
    trainingObserver((each) => lines.push(each)).onValidation({ step: 6, steps: 12, bitsPerByte: 2.5, isRaw });
    expect(lines).toEqual([line]);
  });
});
