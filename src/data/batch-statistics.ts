import { RAW_LIMIT } from '../vocabulary/layout.js';
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
  /**
   * Places in compressed blocks where so many literals follow each other as the model has heads: all labels are then ids of
   * raw bytes, and a model with raw heads takes the position for raw text.
   */
  literalsAsRaw: number;
  /** Records passed over while the batch was assembled. */
  passedOver: PassedOver;
}

export function emptyStatistics(): BatchStatistics {
  return {
    documents: 0,
    raw: { documents: 0, bytes: 0, symbols: 0 },
    compressed: { documents: 0, bytes: 0, symbols: 0 },
    literalsAsRaw: 0,
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

/**
 * Counts where `labels` literals of a compressed block follow each other, the last of them in the part `from` ≤ index < `to`.
 *
 * @param ids of the document, all of it
 */
export function countLiterals(
  statistics: BatchStatistics,
  { representation, start, end }: Block,
  from: number,
  to: number,
  ids: Int32Array,
  labels: number,
): void {
  if (representation === 'raw') return;
  const last = Math.min(end, to);
  let run = 0;
  for (let index = Math.max(start, from - labels + 1); index < last; index++) {
    run = ids[index]! < RAW_LIMIT ? run + 1 : 0;
    if (run >= labels && index >= from) statistics.literalsAsRaw++;
  }
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
    sum.literalsAsRaw += each.literalsAsRaw;
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
