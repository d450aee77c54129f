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
const MAX_UNITS = 1 << 22;
const MAX_IDS = 1 << 21;

/** Fields of a slot. */
const HASH = 0;
/** Where the word's units begin. */
const KEY = 1;
/** `units · 256 + ids`; 0 where nothing is stored. */
const LENGTHS = 2;
/** The id, or where the ids begin if there is more than one. */
const VALUE = 3;
const SLOT_SIZE = 4;

export class WordCache {
  private slots = new Int32Array(INITIAL_SLOTS * SLOT_SIZE);
  private mask = INITIAL_SLOTS - 1;
  private words = 0;
  private units = new Uint16Array(1 << 14);
  private unitCount = 0;
  private ids = new Int32Array(1 << 13);
  private idCount = 0;

  /** Appends the ids of the word from `start` to `end`, if they are known; else does nothing and returns false. */
  append(units: Uint16Array, start: number, end: number, out: IdBuffer): boolean {
    const slot = this.find(units, start, end);
    const count = this.slots[slot + LENGTHS]! & 0xff;
    if (count === 0) return false;
    const value = this.slots[slot + VALUE]!;
    if (count === 1) out.push(value);
    else out.append(this.ids, value, count);
    return true;
  }

  /** Keeps the first `count` of these ids as those of a word that is not there yet, of up to `MAX_WORD_UNITS`. */
  store(units: Uint16Array, start: number, end: number, ids: Int32Array, count: number): void {
    if (count === 0 || count > 0xff) return;
    const length = end - start;
    if (this.words === MAX_WORDS || this.unitCount + length > MAX_UNITS || this.idCount + count > MAX_IDS) this.clear();
    if (this.words * 2 > this.mask) this.grow();
    const slot = this.find(units, start, end);
    if (this.unitCount + length > this.units.length)
      this.units = enlarged(this.units, new Uint16Array(this.units.length * 2));
    if (this.idCount + count > this.ids.length) this.ids = enlarged(this.ids, new Int32Array(this.ids.length * 2));
    this.slots[slot + HASH] = hash(units, start, end);
    this.slots[slot + KEY] = this.unitCount;
    this.slots[slot + LENGTHS] = (length << 8) | count;
    this.slots[slot + VALUE] = count === 1 ? ids[0]! : this.idCount;
    for (let i = 0; i < length; i++) this.units[this.unitCount++] = units[start + i]!;
    if (count > 1) for (let i = 0; i < count; i++) this.ids[this.idCount++] = ids[i]!;
    this.words++;
  }

  /** The slot of the word, or the empty one where it would stand. */
  private find(units: Uint16Array, start: number, end: number): number {
    const { slots, mask } = this;
    const wanted = hash(units, start, end);
    const length = end - start;
    for (let index = wanted & mask; ; index = (index + 1) & mask) {
      const slot = index * SLOT_SIZE;
      const lengths = slots[slot + LENGTHS]!;
      if (lengths === 0) return slot;
      if (slots[slot + HASH] !== wanted || lengths >>> 8 !== length) continue;
      const keys = this.units;
      const key = slots[slot + KEY]!;
      let same = 0;
      while (same < length && keys[key + same] === units[start + same]) same++;
      if (same === length) return slot;
    }
  }

  private grow(): void {
    const { slots } = this;
    this.mask = this.mask * 2 + 1;
    this.slots = new Int32Array((this.mask + 1) * SLOT_SIZE);
    for (let slot = 0; slot < slots.length; slot += SLOT_SIZE) {
      if (slots[slot + LENGTHS] === 0) continue;
      let target = (slots[slot + HASH]! & this.mask) * SLOT_SIZE;
      while (this.slots[target + LENGTHS] !== 0) target = (target + SLOT_SIZE) % this.slots.length;
      for (let field = 0; field < SLOT_SIZE; field++) this.slots[target + field] = slots[slot + field]!;
    }
  }

  private clear(): void {
    this.slots.fill(0);
    this.words = 0;
    this.unitCount = 0;
    this.idCount = 0;
  }
}

function enlarged<Numbers extends Uint16Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

function hash(units: Uint16Array, start: number, end: number): number {
  let value = end - start;
  for (let i = start; i < end; i++) value = Math.imul(value ^ units[i]!, 0x9e3779b1) ^ (value >>> 15);
  return value ^ (value >>> 16);
}
