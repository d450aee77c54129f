import { describe, expect, it } from 'vitest';
import { describeBpbResults } from '../../../src/commands/shell/bpb-lines.js';
import type { BpbResults } from '../../../src/evaluation/index.js';

const figures = {
  total_loss: 700,
  nats_per_token: 0.7,
  bits_per_token: 1,
  bits_per_byte: 1,
  bits_per_byte_with_eos: 1.01,
  num_tokens: 1000,
  num_bytes: 1000,
  num_documents: 3,
};

/** Results of windows that show what `context_seen` says. */
function results(context_seen: BpbResults['conditions']['context_seen'], document_mask = true): BpbResults {
  return {
    ...figures,
    interval: null,
    sources: [],
    layouts: {},
    conditions: {
      representation: { raw_only: true, mode: 'sentinel', rate: 0, compressor: 'gzip' },
      context: 512,
      crops: false,
      stride: 256,
      context_bytes: 510,
      context_bytes_wanted: null,
      document_mask,
      context_seen,
      windows: 4,
      seed: 1,
      data: 'data',
      skipped_records: 0,
      empty_records: 0,
    },
    model: {
      checkpoint: 'runs/a',
      step: 10,
      symbols_per_step: 4096,
      trained_context: 512,
      architecture: 'evabyte',
      parameters: 1000,
      prediction_heads: 1,
      raw_heads: 0,
      vocabulary_size: 320,
    },
  };
}

const contextLines = (of: BpbResults) =>
  describeBpbResults(of, 'there').filter((line) => line.startsWith('context') || line.includes('cut by windows'));

describe('the lines of an evaluation', () => {
  const [least, mean] = [
    { symbols: 1, bytes: 0 },
    { symbols: 300, bytes: 290.4 },
  ];

  it('say how much text a symbol is predicted from, and how much of it windows cut', () => {
    const cut = { least: { symbols: 257, bytes: 250 }, share: 0.25 };
    expect(contextLines(results({ least, mean, cut }))).toEqual([
      'context, mean             300 symbols (290 bytes)',
      'context, least            1 symbol (0 bytes)',
      '  cut by windows          for 25.0 % of symbols, which still see at least 257 symbols (250 bytes); the others see all of their documents before them',
    ]);
  });

  it.each([
    [true, 'never: every symbol is predicted from all of its document before it'],
    [false, 'never: every symbol is predicted from all text before it'],
  ])('say so where nothing is cut (document mask: %s)', (documentMask, expected) => {
    expect(contextLines(results({ least, mean, cut: null }, documentMask)).at(-1)).toContain(expected);
  });
});
