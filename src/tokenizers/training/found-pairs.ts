import type { CandidateQueue } from './candidate-queue.js';
import type { PairCounts } from './pair-counts.js';

const NONE = -1;

/**
 * Occurrences of pairs that one step found, to be entered in the queue together: first all are counted, then each pair gets
 * room for its places, then the places are put there.
 */
export class FoundPairs {
  /** For each slot, its position among those that were found. */
  private positions = new Int32Array(1 << 14).fill(NONE);
  private slots = new Int32Array(1 << 10);
  private occurrences = new Uint32Array(1 << 10);
  private candidates = new Int32Array(1 << 10);
  private found = 0;
  private log = new Uint32Array(2 << 10);
  private logged = 0;

  /** Counts an occurrence whose place comes later, by `place`. */
  count(slot: number): void {
    if (slot >= this.positions.length) {
      const from = this.positions.length;
      this.positions = copied(this.positions, new Int32Array(Math.max(slot + 1, from * 2))).fill(NONE, from);
    }
    let position = this.positions[slot]!;
    if (position === NONE) {
      position = this.found++;
      this.positions[slot] = position;
      if (position === this.slots.length) {
        this.slots = copied(this.slots, new Int32Array(position * 2));
        this.occurrences = copied(this.occurrences, new Uint32Array(position * 2));
        this.candidates = copied(this.candidates, new Int32Array(position * 2));
      }
      this.slots[position] = slot;
      this.occurrences[position] = 0;
    }
    this.occurrences[position]!++;
  }

  /** Enters the pairs that were counted and occur at all. */
  enterInto(queue: CandidateQueue, pairs: PairCounts): void {
    for (let position = 0; position < this.found; position++) {
      const slot = this.slots[position]!;
      const count = pairs.count(slot);
      this.candidates[position] = count > 0 ? queue.enter(slot, count, this.occurrences[position]!) : NONE;
    }
  }

  /** Puts the place of an occurrence that was counted. */
  place(queue: CandidateQueue, slot: number, place: number): void {
    const candidate = this.candidates[this.positions[slot]!]!;
    if (candidate !== NONE) queue.addPlace(candidate, place);
  }

  clear(): void {
    for (let position = 0; position < this.found; position++) this.positions[this.slots[position]!] = NONE;
    this.found = 0;
    this.logged = 0;
  }

  /** Counts an occurrence and remembers its place until `drain`. */
  add(slot: number, place: number): void {
    this.count(slot);
    if (this.logged === this.log.length) this.log = copied(this.log, new Uint32Array(this.logged * 2));
    this.log[this.logged++] = slot;
    this.log[this.logged++] = place;
  }

  /** Enters all that was added. */
  drain(queue: CandidateQueue, pairs: PairCounts): void {
    this.enterInto(queue, pairs);
    for (let i = 0; i < this.logged; i += 2) this.place(queue, this.log[i]!, this.log[i + 1]!);
    this.clear();
  }
}

function copied<Numbers extends Int32Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
