import { CandidateQueue } from './candidate-queue.js';
import { FoundPairs } from './found-pairs.js';
import { PairCounts } from './pair-counts.js';
import type { TokenTable } from './token-table.js';
import type { Words } from './words.js';

export interface MergeLimits {
  /** Tokens of the vocabulary at which to stop. */
  vocabularySize: number;
  /** Occurrences that a pair must have. */
  minFrequency: number;
  /** A pair is merged only if the token is shorter than this, in bytes; pairs of single bytes always are. */
  maxTokenLength: number;
}

/**
 * Learns merges from words: the most frequent pair of neighbouring symbols becomes a token, again and again (Sennrich et al.,
 * arXiv 1508.07909). Among pairs of the same count the one of smaller ids comes first.
 *
 * The merges are those of the trainer in Hugging Face's Rust library, on which tokenizers of the field are based, also where
 * it could have chosen otherwise: a token that two pairs make has one id, and the count of a merged pair stays with it, so that
 * it weighs more should the pair appear again; and `maxTokenLength` is exclusive. Work is proportional to the occurrences that
 * are merged, whatever the length of the words.
 */
export class MergeLearner {
  private readonly pairs = new PairCounts();
  private readonly queue = new CandidateQueue(this.pairs);
  private readonly found = new FoundPairs();

  constructor(
    private readonly words: Words,
    private readonly vocabulary: TokenTable,
    private readonly limits: MergeLimits,
  ) {
    this.enterPairsOfWords();
  }

  /** Learns one merge, adding it to the vocabulary. Returns false if there is none any more. */
  step(): boolean {
    const { pairs, queue, vocabulary, limits } = this;
    if (vocabulary.size >= limits.vocabularySize) return false;
    for (let candidate = queue.first; candidate >= 0; candidate = queue.first) {
      const slot = queue.slot(candidate);
      const count = pairs.count(slot);
      if (count !== queue.firstCount) {
        queue.changeFirst(count);
        continue;
      }
      if (count < Math.max(1, limits.minFrequency)) return false;
      queue.removeFirst();
      const [first, second] = [pairs.first(slot), pairs.second(slot)];
      this.merge(queue.places(candidate), first, second, vocabulary.addMerge(first, second));
      return true;
    }
    return false;
  }

  private merge(places: Uint32Array, first: number, second: number, merged: number): void {
    const { words, pairs, vocabulary, found } = this;
    const room = this.limits.maxTokenLength - vocabulary.length(merged);
    for (let i = 0; i < places.length; i++) {
      const left = places[i]!;
      if (words.at(left) !== first) continue;
      const right = words.next(left);
      if (right < 0 || words.at(right) !== second) continue;
      const count = words.countAt(left);
      const before = words.previous(left);
      const after = words.next(right);
      if (before >= 0) {
        const neighbour = words.at(before);
        pairs.add(pairs.slot(neighbour, first), -count);
        if (vocabulary.length(neighbour) < room) this.find(neighbour, merged, before, count);
      }
      if (after >= 0) {
        const neighbour = words.at(after);
        pairs.add(pairs.slot(second, neighbour), -count);
        if (vocabulary.length(neighbour) < room) this.find(merged, neighbour, left, count);
      }
      words.merge(left, right, merged);
    }
    found.drain(this.queue, this.pairs);
  }

  private find(first: number, second: number, place: number, count: number): void {
    const slot = this.pairs.slot(first, second);
    this.pairs.add(slot, count);
    this.found.add(slot, place);
  }

  private enterPairsOfWords(): void {
    const { words, pairs, found, queue } = this;
    words.forEachPair((first, second, _left, count) => {
      const slot = pairs.slot(first, second);
      pairs.add(slot, count);
      found.count(slot);
    });
    found.enterInto(queue, pairs);
    words.forEachPair((first, second, left) => found.place(queue, pairs.slot(first, second), left));
    found.clear();
  }
}
