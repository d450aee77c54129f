import { MinHeap } from './min-heap.js';

/**
 * A queue of numbers, smallest first, made for numbers that often come in ascending order, as the merges along a long
 * run of one character do. Those wait in a line, at constant cost each; only what is smaller than the line's last goes
 * into a binary heap.
 */
export class MergeQueue {
  private line: Float64Array;
  private lineStart = 0;
  private lineEnd = 0;
  private readonly heap = new MinHeap(64);

  /** @param capacity how many numbers there probably are at a time */
  constructor(capacity: number) {
    this.line = new Float64Array(Math.max(64, capacity));
  }

  get isEmpty(): boolean {
    return this.lineStart === this.lineEnd && this.heap.size === 0;
  }

  clear(): void {
    this.lineStart = 0;
    this.lineEnd = 0;
    this.heap.clear();
  }

  push(entry: number): void {
    if (this.lineStart === this.lineEnd) {
      this.lineStart = 0;
      this.lineEnd = 0;
    } else if (entry < this.line[this.lineEnd - 1]!) {
      this.heap.push(entry);
      return;
    }
    if (this.lineEnd === this.line.length) this.makeRoomInLine();
    this.line[this.lineEnd++] = entry;
  }

  /** Takes out the smallest; there must be one. */
  pop(): number {
    const inLine = this.lineStart < this.lineEnd;
    const takesLine = inLine && (this.heap.size === 0 || this.line[this.lineStart]! <= this.heap.smallest);
    return takesLine ? this.line[this.lineStart++]! : this.heap.pop();
  }

  private makeRoomInLine(): void {
    const waiting = this.line.subarray(this.lineStart, this.lineEnd);
    const target = waiting.length * 2 > this.line.length ? new Float64Array(this.line.length * 2) : this.line;
    target.set(waiting);
    this.line = target;
    this.lineEnd = waiting.length;
    this.lineStart = 0;
  }
}
