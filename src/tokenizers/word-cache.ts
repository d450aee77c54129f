import type { IdBuffer } from './id-buffer.js';

/**
 * The ids of words that were met before. Words are keyed by their UTF-16 units in one typed array, so that looking one
 * up makes no string. Memory is bounded: when it is full the cache begins anew, which costs little, since the common
 * words are soon back.
 */

/** Longer words are too rare to be worth keeping. */
export const MAX_WORD_UNITS = 64;

const INITIAL_SLOTS = 1 << 12;
const MAX_WORDS = 1 << 18;
const INITIAL_RECORDS = 1 << 14;
const MAX_RECORDS = 1 << 22;

/** Fields of a slot. */
const HASH = 0;
/** Where the word's record begins; 0 where there is none. */
const RECORD = 1;
const SLOT_SIZE = 2;

/**
 * A record is `units · 256 + ids`, then the ids, then the word's units, two to a number: what is looked at together lies
 * together, so that a word that is found costs two accesses to memory.
 */
const FIRST_RECORD = 1;

export class WordCache {
  private slots = new Int32Array(INITIAL_SLOTS * SLOT_SIZE);
  private mask = INITIAL_SLOTS - 1;
  private words = 0;
  private records = new Int32Array(INITIAL_RECORDS);
  /** The same memory. */
  private units = new Uint16Array(this.records.buffer);
  private end = FIRST_RECORD;

  /** Appends the ids of the word from `start` to `end`, if they are known; else does nothing and returns false. */
  append(units: Uint16Array, start: number, end: number, out: IdBuffer): boolean {
    const record = this.slots[this.find(units, start, end, hash(units, start, end)) + RECORD]!;
    if (record === 0) return false;
    const count = this.records[record]! & 0xff;
    if (count === 1) out.push(this.records[record + 1]!);
    else out.append(this.records, record + 1, count);
    return true;
  }

  /** Keeps the first `count` of these ids as those of a word that is not there yet, of up to `MAX_WORD_UNITS`. */
  store(units: Uint16Array, start: number, end: number, ids: Int32Array, count: number): void {
    if (count === 0 || count > 0xff) return;
    const length = end - start;
    const size = 1 + count + ((length + 1) >> 1);
    if (this.words === MAX_WORDS || this.end + size > MAX_RECORDS) this.clear();
    if (this.words * 2 > this.mask) this.growSlots();
    if (this.end + size > this.records.length) this.growRecords();
    const wanted = hash(units, start, end);
    const slot = this.find(units, start, end, wanted);
    const record = this.end;
    this.slots[slot + HASH] = wanted;
    this.slots[slot + RECORD] = record;
    this.records[record] = (length << 8) | count;
    for (let i = 0; i < count; i++) this.records[record + 1 + i] = ids[i]!;
    const key = 2 * (record + 1 + count);
    for (let i = 0; i < length; i++) this.units[key + i] = units[start + i]!;
    this.end += size;
    this.words++;
  }

  /** The slot of the word with this hash, or the empty one where it would stand. */
  private find(units: Uint16Array, start: number, end: number, wanted: number): number {
    const { slots, mask, records, units: keys } = this;
    const length = end - start;
    for (let index = wanted & mask; ; index = (index + 1) & mask) {
      const slot = index * SLOT_SIZE;
      const record = slots[slot + RECORD]!;
      if (record === 0) return slot;
      if (slots[slot + HASH] !== wanted) continue;
      const lengths = records[record]!;
      if (lengths >>> 8 !== length) continue;
      const key = 2 * (record + 1 + (lengths & 0xff));
      let same = 0;
      while (same < length && keys[key + same] === units[start + same]) same++;
      if (same === length) return slot;
    }
  }

  private growSlots(): void {
    const { slots } = this;
    this.mask = this.mask * 2 + 1;
    this.slots = new Int32Array((this.mask + 1) * SLOT_SIZE);
    for (let slot = 0; slot < slots.length; slot += SLOT_SIZE) {
      if (slots[slot + RECORD] === 0) continue;
      let target = (slots[slot + HASH]! & this.mask) * SLOT_SIZE;
      while (this.slots[target + RECORD] !== 0) target = (target + SLOT_SIZE) % this.slots.length;
      this.slots[target + HASH] = slots[slot + HASH]!;
      this.slots[target + RECORD] = slots[slot + RECORD]!;
    }
  }

  private growRecords(): void {
    const records = new Int32Array(this.records.length * 2);
    records.set(this.records);
    this.records = records;
    this.units = new Uint16Array(records.buffer);
  }

  private clear(): void {
    this.slots.fill(0);
    this.words = 0;
    this.end = FIRST_RECORD;
  }
}

function hash(units: Uint16Array, start: number, end: number): number {
  let value = end - start;
  for (let i = start; i < end; i++) value = Math.imul(value ^ units[i]!, 0x9e3779b1) ^ (value >>> 15);
  return value ^ (value >>> 16);
}
