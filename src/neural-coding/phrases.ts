import { setImmediate as untilEventsAreSeen } from 'node:timers/promises';
import type { FrequencyModel } from './byte-model.js';
import { type Answer, BYTES, frequenciesAfter } from './frequencies.js';
import { part } from './intervals.js';
import { FREQUENCY_SUM, INTERVAL_BITS, LONGEST_PHRASE } from './parameters.js';
import { PhraseTree } from './phrase-tree.js';
import type { QuantisationLoss } from './quantisation-loss.js';

export interface GrowthOptions {
  /** Prefixes that the model is asked for at a time. Default 1,024. */
  batchSize?: number;
  /** Adds up what rounding the model's probabilities costs, over all strings that it is asked to go on from. */
  loss?: QuantisationLoss;
  signal?: AbortSignal | undefined;
  onProgress?(progress: GrowthProgress): void;
}

export interface GrowthProgress {
  /** Strings that the model was asked to go on from. */
  asked: number;
  /** Strings found so far; most of them are still to be asked for. */
  found: number;
}

const BATCH_SIZE = 1024;

/**
 * S ∪ {ε}: every string of at most 64 bytes whose interval holds a whole cell. It is prefix-closed, since intervals nest, and
 * grown breadth first; the model is asked once for each of its strings that may go on, and for nothing else.
 *
 * @throws CodebookError if the model breaks its contract; the signal's reason when it is aborted
 */
export async function phrasesWithCells(
  model: FrequencyModel,
  windowBits: number,
  options: GrowthOptions = {},
): Promise<PhraseTree> {
  const tree = new PhraseTree();
  const growth = new Growth(model, windowBits, options);
  const cell = 2 ** (INTERVAL_BITS - windowBits);
  for (let next = 0; next < tree.size; ) {
    const nodes: number[] = [];
    while (next < tree.size && nodes.length < growth.batchSize) {
      if (tree.depth(next) < LONGEST_PHRASE) nodes.push(next);
      next++;
    }
    await growth.below(tree, nodes, cell, (low, high) => (Math.ceil(low / cell) + 1) * cell <= high);
  }
  return tree;
}

/** Asks a model how strings go on, batch by batch, and adds those of their continuations that are wanted. */
export class Growth {
  readonly batchSize: number;
  private asked = 0;

  constructor(
    private readonly model: FrequencyModel,
    private readonly windowBits: number,
    private readonly options: GrowthOptions,
  ) {
    this.batchSize = options.batchSize ?? BATCH_SIZE;
  }

  /**
   * Adds the children of `nodes` that are wanted, each node's by ascending byte.
   *
   * @param narrowest width below which none is wanted, to look no closer at the many that are narrow
   * @param wanted whether the string with interval [low, high) belongs in the tree
   */
  async below(
    tree: PhraseTree,
    nodes: readonly number[],
    narrowest: number,
    wanted: (low: number, high: number) => boolean,
  ): Promise<void> {
    const { loss, signal, onProgress } = this.options;
    signal?.throwIfAborted();
    const prefixes = nodes.map((node) => tree.text(node));
    const answer = await frequenciesAfter(this.model, prefixes, this.windowBits);
    const { frequencies, probabilities } = answer;
    for (const [index, node] of nodes.entries()) {
      const row = index * BYTES;
      if (probabilities !== null) loss?.add(tree.likelihood(node), probabilities, frequencies, row);
      addChildren(tree, node, answer, row, narrowest, wanted);
    }
    this.asked += nodes.length;
    onProgress?.({ asked: this.asked, found: tree.size - 1 });
    await untilEventsAreSeen();
  }
}

function addChildren(
  tree: PhraseTree,
  node: number,
  { frequencies, probabilities }: Answer,
  row: number,
  narrowest: number,
  wanted: (low: number, high: number) => boolean,
): void {
  const low = tree.low(node);
  const width = tree.width(node);
  const likelihood = tree.likelihood(node);
  // A child is at most one wider than its exact share.
  const leastFrequency = ((narrowest - 1) * FREQUENCY_SUM) / width;
  let cumulative = 0;
  for (let byte = 0; byte < BYTES; byte++) {
    const frequency = frequencies[row + byte]!;
    cumulative += frequency;
    if (frequency < leastFrequency) continue;
    const begin = low + part(width, cumulative - frequency);
    const end = low + part(width, cumulative);
    if (!wanted(begin, end)) continue;
    tree.push(
      node,
      byte,
      begin,
      end - begin,
      probabilities === null ? Number.NaN : likelihood * probabilities[row + byte]!,
    );
  }
}
