import { MinHeap } from './min-heap.js';

/**
 * A queue of numbers, smallest first, made for numbers that often come in ascending order, as the merges along a long
 * run of one character do. Those wait in a line, at constant cost each; only what is smaller than the line's last goes
 * into a binary heap.
 */
export class MergeQueue {
  /** A ring, so that what waits may be as many as there is room for, wherever it begins. */
  private line: Float64Array;
  private first = 0;
  private waiting = 0;
  /** What came into the line last. */
  private last = 0;
  private readonly heap = new MinHeap(64);

  /** @param capacity how many numbers there probably are at a time */
  constructor(capacity: number) {
    this.line = new Float64Array(Math.max(64, capacity));
  }

  get isEmpty(): boolean {
    return this.waiting === 0 && this.heap.size === 0;
  }

  clear(): void {
    this.first = 0;
    this.waiting = 0;
    this.heap.clear();
  }

  push(entry: number): void {
    if (this.waiting > 0 && entry < this.last) {
      this.heap.push(entry);
      return;
    }
    if (this.waiting === this.line.length) this.makeRoomInLine();
    const { length } = this.line;
    const end = this.first + this.waiting++;
    this.line[end < length ? end : end - length] = entry;
    this.last = entry;
  }

  /** Takes out the smallest; there must be one. */
  pop(): number {
    const { heap, line } = this;
    if (this.waiting === 0 || (heap.size > 0 && heap.smallest < line[this.first]!)) return heap.pop();
    const smallest = line[this.first]!;
    this.first = this.first + 1 === line.length ? 0 : this.first + 1;
    this.waiting--;
    return smallest;
  }

  private makeRoomInLine(): void {
    const larger = new Float64Array(this.line.length * 2);
    larger.set(this.line.subarray(this.first));
    larger.set(this.line.subarray(0, this.first), this.line.length - this.first);
    this.line = larger;
    this.first = 0;
  }
}
