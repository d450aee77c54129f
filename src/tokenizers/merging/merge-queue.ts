import { AscendingLine } from './ascending-line.js';
import { MinHeap } from './min-heap.js';

/** As many kinds of merges as are found side by side along a long run of one character, with one to spare. */
const LINES = 4;

/**
 * A queue of whole numbers, smallest first, made for numbers that come in a few ascending sequences, as the merges along a
 * long run of one character do. Each of these waits in a line, at constant cost; only what fits in none goes into a binary
 * heap.
 */
export class MergeQueue {
  private readonly lines = Array.from({ length: LINES }, () => new AscendingLine());
  private readonly heap = new MinHeap(64);
  size = 0;

  push(entry: number): void {
    this.size++;
    for (const line of this.lines)
      if (line.takes(entry)) {
        line.push(entry);
        return;
      }
    this.heap.push(entry);
  }

  /** Takes out the smallest; there must be one. */
  pop(): number {
    this.size--;
    let least = this.heap.size > 0 ? this.heap.smallest : Number.POSITIVE_INFINITY;
    let from: AscendingLine | null = null;
    for (const line of this.lines)
      if (line.length > 0 && line.first < least) {
        least = line.first;
        from = line;
      }
    return from === null ? this.heap.pop() : from.shift();
  }
}
