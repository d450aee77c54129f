import { describe, expect, it } from 'vitest';
import { createModel, modelOptions } from '../../../src/models/index.js';

const D = 8;
const I = 12;
const base = {
  architecture: 'evabyte',
  hiddenSize: D,
  intermediateSize: I,
  layers: 2,
  attentionHeads: 2,
  windowSize: 4,
  chunkSize: 2,
};

function model(options: object, size: number) {
  return createModel(modelOptions.parse({ ...base, predictionHeads: 1, ...options }), { size, rawSize: 320 });
}

/** Multiplied parameters of both blocks, the final norm included. */
const blocks = 2 * (4 * D * D + 3 * D * I + 4 * D) + D;

describe('operations of a training step, for each symbol', () => {
  it('are six a multiplied parameter and 12 d a pair of query and key: no embedding, causal attention counted once', () => {
    // One window of 4: a query sees 1, 2, 3 or 4 keys, on average 2.5.
    expect(model({}, 400).flops({ sequenceLength: 4, rawShare: 0 })).toBe(6 * (blocks + 400 * D) + 12 * 2 * D * 2.5);
  });

  it('count the summaries of earlier windows, of the real window and chunk', () => {
    const one = model({}, 400).flops({ sequenceLength: 4, rawShare: 0 });
    // Three windows see 0, 2 and 4 summaries: 2 on average.
    expect(model({}, 400).flops({ sequenceLength: 12, rawShare: 0 }) - one).toBe(12 * 2 * D * 2);
  });

  it('count heads over the real vocabulary, and raw heads at raw positions alone', () => {
    const flops = (options: object, rawShare: number) => model(options, 1000).flops({ sequenceLength: 4, rawShare });
    expect(flops({ predictionHeads: 3 }, 0) - flops({}, 0)).toBe(6 * 2 * 1000 * D);
    expect(flops({ rawHeads: 2 }, 0)).toBe(flops({}, 0));
    expect(flops({ rawHeads: 2 }, 0.25) - flops({}, 0)).toBe(6 * 2 * 320 * D * 0.25);
  });

  it('leave out ids that only pad the tables', () => {
    const padded = model({ predictionHeads: 3, rawHeads: 1 }, 1024);
    const real = model({ predictionHeads: 3, rawHeads: 1 }, 1000);
    const seen = { sequenceLength: 4, rawShare: 0.5 };
    expect(padded.flops({ ...seen, usedIds: 1000 })).toBe(real.flops(seen));
  });
});
