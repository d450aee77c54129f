import { describe, expect, it } from 'vitest';
import { createModel, modelOptions } from '../../../src/models/index.js';

const D = 8;
const I = 12;
const base = { architecture: 'opencoder', hiddenSize: D, intermediateSize: I, layers: 2, attentionHeads: 4 };

function flops(options: object, sequenceLength = 5) {
  const model = createModel(modelOptions.parse({ ...base, ...options }), { size: 400, rawSize: 320 });
  return model.flops({ sequenceLength, rawShare: 0 });
}

/** Multiplied parameters of both blocks with heads of keys of this width together, the final norm included. */
const blocks = (keyWidth: number) => 2 * (2 * D * D + 2 * D * keyWidth + 3 * D * I + 2 * D) + D;

describe('operations of a training step, for each symbol', () => {
  it('are six a multiplied parameter and 12 d a pair of query and key: no embedding, causal attention counted once', () => {
    // A query sees 1 to 5 keys, on average 3.
    expect(flops({})).toBe(6 * (blocks(D) + 400 * D) + 12 * 2 * D * 3);
  });

  it('grow with the whole sequence', () => {
    expect(flops({}, 11) - flops({}, 5)).toBe(12 * 2 * D * 3);
  });

  it('count the projections of keys that are there, and the scores of every head of queries', () => {
    expect(flops({ keyValueHeads: 1 })).toBe(6 * (blocks(2) + 400 * D) + 12 * 2 * D * 3);
    const wide = 2 * (4 * D * 4 * 6 + 3 * D * I + 2 * D) + D;
    expect(flops({ headSize: 6 })).toBe(6 * (wide + 400 * D) + 12 * 2 * (4 * 6) * 3);
  });

  it('are the same whether the output matrix is the embedding or its own', () => {
    expect(flops({ tiedEmbedding: true })).toBe(flops({}));
  });
});
