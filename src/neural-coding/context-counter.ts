import { DataError } from '../support/errors.js';
import type { TextSample } from './counts-sample.js';
import { entropyUnits } from './segmentation-rule.js';

/** Which contexts are counted. */
export interface ContextCounting {
  /** Bytes of the longest, at most LONGEST_CONTEXT. */
  longestContext: number;
  /** Times that a context must occur to be looked at. */
  leastOccurrences: number;
  /** Called now and then with the number of places done. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The empty context. */
export const ROOT = 0;

/**
 * Contexts that were counted, each with that of its end without the first byte (`shorter`) before it. Ends of one context
 * come in order of their first byte.
 */
export class Contexts {
  length = 0;
  private capacity = 1 << 12;
  shorter = new Int32Array(this.capacity);
  /** First byte of the context. */
  first = new Uint8Array(this.capacity);
  depth = new Uint8Array(this.capacity);
  /** Units of 1/4096 bit. */
  entropy = new Uint16Array(this.capacity);
  /** Times that it occurs before a byte × by how many units it differs from the shorter one. */
  change = new Float64Array(this.capacity);

  add(shorter: number, first: number, depth: number, occurrences: number, entropy: number): number {
    if (this.length === this.capacity) this.grow();
    const id = this.length++;
    this.shorter[id] = shorter;
    this.first[id] = first;
    this.depth[id] = depth;
    this.entropy[id] = entropy;
    this.change[id] = depth === 0 ? Number.POSITIVE_INFINITY : occurrences * Math.abs(entropy - this.entropy[shorter]!);
    return id;
  }

  private grow(): void {
    this.capacity *= 2;
    const larger = <Values extends { set(values: Values): void }>(values: Values, made: Values): Values => {
      made.set(values);
      return made;
    };
    this.shorter = larger(this.shorter, new Int32Array(this.capacity));
    this.first = larger(this.first, new Uint8Array(this.capacity));
    this.depth = larger(this.depth, new Uint8Array(this.capacity));
    this.entropy = larger(this.entropy, new Uint16Array(this.capacity));
    this.change = larger(this.change, new Float64Array(this.capacity));
  }
}

/** Contexts up to this length are divided with pauses, in which others have their turn. */
const PAUSED_DEPTH = 2;

/**
 * Counts all contexts of a sample that occur often enough, shortest first, by dividing the places of the text by the byte
 * before them, then by the one before that, and so on: places of one context stand together, and no context needs a table of
 * its own.
 */
export class ContextCounter {
  readonly contexts = new Contexts();
  private readonly text: Uint8Array;
  /** Bytes of its document before each place, at most 255. */
  private readonly room: Uint8Array;
  /** Places, those of one context together. */
  private readonly places: Int32Array;
  private readonly scratch: Int32Array;
  /** By length of context: P(byte | context), smoothed. */
  private readonly distributions: Float64Array[];
  private done = 0;

  constructor(
    { bytes, ends }: TextSample,
    private readonly options: ContextCounting,
  ) {
    const total = bytes.length;
    if (total === 0) throw new DataError('there is no text to count contexts of');
    this.text = bytes;
    this.room = new Uint8Array(total);
    let start = 0;
    for (const end of ends) {
      for (let place = start; place < end; place++) this.room[place] = Math.min(place - start, 255);
      start = end;
    }
    this.places = Int32Array.from({ length: total }, (_, i) => i);
    this.scratch = new Int32Array(total);
    this.distributions = Array.from({ length: options.longestContext + 1 }, () => new Float64Array(256));
  }

  async countAll(): Promise<void> {
    await this.countWithPauses(ROOT, 0, 0, 0, this.places.length);
  }

  private async countWithPauses(
    shorter: number,
    first: number,
    depth: number,
    start: number,
    end: number,
  ): Promise<void> {
    if (depth > PAUSED_DEPTH) return this.count(shorter, first, depth, start, end);
    const { signal, onProgress } = this.options;
    signal?.throwIfAborted();
    const id = this.addContext(shorter, first, depth, start, end);
    for (const range of this.divided(depth, start, end)) {
      await this.countWithPauses(id, range.first, depth + 1, range.start, range.end);
    }
    if (depth < PAUSED_DEPTH) return;
    this.done += end - start;
    onProgress?.(this.done, this.places.length);
    await new Promise(setImmediate);
  }

  private count(shorter: number, first: number, depth: number, start: number, end: number): void {
    const id = this.addContext(shorter, first, depth, start, end);
    for (const range of this.divided(depth, start, end)) this.count(id, range.first, depth + 1, range.start, range.end);
  }

  /** Adds the context of these places; its distribution is then that of its depth. */
  private addContext(shorter: number, first: number, depth: number, start: number, end: number): number {
    const { text, places } = this;
    const counts = new Uint32Array(256);
    for (let i = start; i < end; i++) {
      const byte = text[places[i]!]!;
      counts[byte] = counts[byte]! + 1;
    }
    const distribution = this.distributions[depth]!;
    smooth(counts, end - start, depth === 0 ? null : this.distributions[depth - 1]!, distribution);
    return this.contexts.add(shorter, first, depth, end - start, entropyUnits(bitsOf(distribution)));
  }

  /** Puts places with the same byte before this context together, stably. Those of bytes that are frequent enough. */
  private divided(depth: number, start: number, end: number): { first: number; start: number; end: number }[] {
    const { leastOccurrences, longestContext } = this.options;
    if (depth === longestContext || end - start < leastOccurrences) return [];
    const { text, room, places, scratch } = this;
    const ends = new Int32Array(257);
    for (let i = start; i < end; i++) {
      const place = places[i]!;
      // Where the document begins no byte is before the context: these come last.
      const before = room[place]! > depth ? text[place - depth - 1]! : 256;
      ends[before] = ends[before]! + 1;
    }
    const ranges = [];
    let at = start;
    for (let before = 0; before <= 256; before++) {
      const occurrences = ends[before]!;
      if (before < 256 && occurrences >= leastOccurrences) {
        ranges.push({ first: before, start: at, end: at + occurrences });
      }
      ends[before] = at;
      at += occurrences;
    }
    if (ranges.length === 0) return ranges;
    for (let i = start; i < end; i++) {
      const place = places[i]!;
      const before = room[place]! > depth ? text[place - depth - 1]! : 256;
      const to = ends[before]!;
      scratch[to] = place;
      ends[before] = to + 1;
    }
    places.set(scratch.subarray(start, end), start);
    return ranges;
  }
}

/**
 * Interpolates with the distribution of the shorter context, by the method of Witten and Bell (1991): as much weight as there
 * are different bytes.
 */
function smooth(counts: Uint32Array, total: number, shorter: Float64Array | null, into: Float64Array): void {
  let different = 0;
  for (let byte = 0; byte < 256; byte++) if (counts[byte]! > 0) different++;
  for (let byte = 0; byte < 256; byte++) {
    const prior = shorter === null ? 1 / 256 : shorter[byte]!;
    into[byte] = (counts[byte]! + different * prior) / (total + different);
  }
}

function bitsOf(distribution: Float64Array): number {
  let bits = 0;
  for (let byte = 0; byte < 256; byte++) bits -= distribution[byte]! * Math.log2(distribution[byte]!);
  return bits;
}
