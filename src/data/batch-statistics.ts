import type { PassedOver } from './documents.js';
import type { Block } from './symbol-layout.js';

/** Text in one representation. */
export interface TextCount {
  /** Documents shown in it that begin in the batch; a pair is one in each. */
  documents: number;
  /** Bytes of text that its symbols stand for. */
  bytes: number;
  /** Ids that stand for text: no sentinels, no BOS or EOS. */
  symbols: number;
}

/** What one batch newly shows to the model; ids that sequences share are counted once. */
export interface BatchStatistics {
  /** Documents that begin in the batch. */
  documents: number;
  raw: TextCount;
  compressed: TextCount;
  /** Records passed over while the batch was assembled. */
  passedOver: PassedOver;
}

export function emptyStatistics(): BatchStatistics {
  return {
    documents: 0,
    raw: { documents: 0, bytes: 0, symbols: 0 },
    compressed: { documents: 0, bytes: 0, symbols: 0 },
    passedOver: { bad: 0, empty: 0 },
  };
}

/**
 * Counts the part of a block that lies in `from` ≤ index < `to` of its document. The bytes of a compressed block are
 * spread evenly over its symbols, and add up exactly over all parts.
 */
export function countBlock(statistics: BatchStatistics, block: Block, from: number, to: number): void {
  const { start, end, bytes } = block;
  const first = Math.max(start, from);
  const last = Math.min(end, to);
  if (first >= last) return;
  const count = statistics[block.representation];
  const bytesBefore = (index: number) => Math.floor((bytes * (index - start)) / (end - start));
  if (first === start) count.documents++;
  count.symbols += last - first;
  count.bytes += bytesBefore(last) - bytesBefore(first);
}

/** The sum of several batches' statistics, or of several processes' shares of one. */
export function sumStatistics(all: Iterable<BatchStatistics>): BatchStatistics {
  const sum = emptyStatistics();
  for (const each of all) {
    sum.documents += each.documents;
    for (const representation of ['raw', 'compressed'] as const) {
      sum[representation].documents += each[representation].documents;
      sum[representation].bytes += each[representation].bytes;
      sum[representation].symbols += each[representation].symbols;
    }
    sum.passedOver.bad += each.passedOver.bad;
    sum.passedOver.empty += each.passedOver.empty;
  }
  return sum;
}

/** Share of raw text, 0 … 1, by each unit; null where there is no text at all. */
export function rawShare({ raw, compressed }: BatchStatistics): Record<keyof TextCount, number | null> {
  const share = (unit: keyof TextCount) => {
    const total = raw[unit] + compressed[unit];
    return total === 0 ? null : raw[unit] / total;
  };
  return { documents: share('documents'), bytes: share('bytes'), symbols: share('symbols') };
}
