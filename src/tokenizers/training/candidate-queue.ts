import type { PairCounts } from './pair-counts.js';

/** Places of new occurrences are kept in chunks of at least this many. */
const CHUNK = 1 << 20;
const FIRST_CAPACITY = 1 << 14;

/**
 * Candidates for merging, the most frequent first, the pair of smaller ids first among equals.
 *
 * A candidate is a pair with its count when it was entered and the places where it was found since the pair's previous
 * candidate. The count is not kept up to date: whoever takes a candidate compares it with the pair's count and enters it
 * again if that has changed.
 */
export class CandidateQueue {
  private readonly chunks: Uint32Array[] = [];
  private chunkUsed = CHUNK;
  // Candidates, by number.
  private slots = new Int32Array(FIRST_CAPACITY);
  private chunkOf = new Int32Array(FIRST_CAPACITY);
  private offsets = new Uint32Array(FIRST_CAPACITY);
  private lengths = new Uint32Array(FIRST_CAPACITY);
  private candidates = 0;
  // A binary heap.
  private heap = new Int32Array(FIRST_CAPACITY);
  private counts = new Float64Array(FIRST_CAPACITY);
  private size = 0;

  constructor(private readonly pairs: PairCounts) {}

  /** Enters a pair with room for that many places, which `addPlace` then fills. Returns the candidate's number. */
  enter(slot: number, count: number, places: number): number {
    if (this.candidates === this.slots.length) this.growCandidates();
    if (this.chunkUsed + places > (this.chunks.at(-1)?.length ?? 0)) {
      this.chunks.push(new Uint32Array(Math.max(CHUNK, places)));
      this.chunkUsed = 0;
    }
    const candidate = this.candidates++;
    this.slots[candidate] = slot;
    this.chunkOf[candidate] = this.chunks.length - 1;
    this.offsets[candidate] = this.chunkUsed;
    this.lengths[candidate] = 0;
    this.chunkUsed += places;
    this.push(candidate, count);
    return candidate;
  }

  addPlace(candidate: number, place: number): void {
    this.chunks[this.chunkOf[candidate]!]![this.offsets[candidate]! + this.lengths[candidate]!++] = place;
  }

  /** The first candidate's number; −1 if there is none. */
  get first(): number {
    return this.size === 0 ? -1 : this.heap[0]!;
  }

  /** The first candidate's count when it was entered. */
  get firstCount(): number {
    return this.counts[0]!;
  }

  slot(candidate: number): number {
    return this.slots[candidate]!;
  }

  /** In ascending order. */
  places(candidate: number): Uint32Array {
    const offset = this.offsets[candidate]!;
    const places = this.chunks[this.chunkOf[candidate]!]!.subarray(offset, offset + this.lengths[candidate]!);
    for (let i = 1; i < places.length; i++) if (places[i]! < places[i - 1]!) return places.sort();
    return places;
  }

  removeFirst(): void {
    this.size--;
    if (this.size > 0) this.sink(this.heap[this.size]!, this.counts[this.size]!);
  }

  /** Enters the first candidate again, with another count. */
  changeFirst(count: number): void {
    const candidate = this.heap[0]!;
    this.removeFirst();
    this.push(candidate, count);
  }

  private push(candidate: number, count: number): void {
    if (this.size === this.heap.length) {
      this.heap = grown(this.heap, new Int32Array(this.size * 2));
      this.counts = grown(this.counts, new Float64Array(this.size * 2));
    }
    const { heap, counts } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.precedes(candidate, count, heap[parent]!, counts[parent]!)) break;
      heap[at] = heap[parent]!;
      counts[at] = counts[parent]!;
      at = parent;
    }
    heap[at] = candidate;
    counts[at] = count;
  }

  private sink(candidate: number, count: number): void {
    const { heap, counts, size } = this;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.precedes(heap[child + 1]!, counts[child + 1]!, heap[child]!, counts[child]!))
        child++;
      if (!this.precedes(heap[child]!, counts[child]!, candidate, count)) break;
      heap[at] = heap[child]!;
      counts[at] = counts[child]!;
      at = child;
    }
    heap[at] = candidate;
    counts[at] = count;
  }

  private precedes(one: number, oneCount: number, other: number, otherCount: number): boolean {
    if (oneCount !== otherCount) return oneCount > otherCount;
    const [oneSlot, otherSlot] = [this.slots[one]!, this.slots[other]!];
    const first = this.pairs.first(oneSlot) - this.pairs.first(otherSlot);
    if (first !== 0) return first < 0;
    const second = this.pairs.second(oneSlot) - this.pairs.second(otherSlot);
    return second !== 0 ? second < 0 : one < other;
  }

  private growCandidates(): void {
    const capacity = this.slots.length * 2;
    this.slots = grown(this.slots, new Int32Array(capacity));
    this.chunkOf = grown(this.chunkOf, new Int32Array(capacity));
    this.offsets = grown(this.offsets, new Uint32Array(capacity));
    this.lengths = grown(this.lengths, new Uint32Array(capacity));
  }
}

function grown<Numbers extends Int32Array | Uint32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
