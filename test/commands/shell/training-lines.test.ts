import { describe, expect, it } from 'vitest';
import { describeMetrics, trainingObserver } from '../../../src/commands/shell/training-lines.js';

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

describe('the line of a step', () => {
  const metrics = {
    loss: 2,
    bits_per_byte: 3,
    learning_rate: 0.001,
    grad_norm: 1,
    tokens_per_second: 500,
    bytes_per_second: 900,
    data_wait: 0,
    compression_rate: 0.5,
    raw_share_documents: 1,
    raw_share_bytes: 1,
    raw_share_symbols: 1,
    total_symbols: 10,
    total_bytes: 10,
  };

  it.each([
    [0.34, '34 % of peak'],
    [1, '100 % of peak'],
    [1.32, '132 % of a peak that was measured too low'],
  ])('does not pass off a share of %d as one of all there is', (share_of_peak, shown) => {
    const line = describeMetrics({ step: 1, steps: 2, metrics: { ...metrics, share_of_peak }, secondsLeft: 1 });
    expect(line.split(' · ')).toContain(shown);
  });
});
