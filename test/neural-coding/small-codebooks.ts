import fc from 'fast-check';
import type { Codebook } from '../../src/neural-coding/codebook.js';
import type { WindowCoder } from '../../src/neural-coding/parameters.js';

/** A codebook as a list of its strings: latin-1, prefix-closed, each with its code or null. */
export type Phrasebook = ReadonlyMap<string, number | null>;

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** The codebook of some strings, in whatever order. Strings that begin others without being named themselves have no code. */
export function codebookOf(
  phrases: Phrasebook | Record<string, number | null>,
  { windowBits = 12, coder = 'strict' }: { windowBits?: number; coder?: WindowCoder } = {},
): Codebook {
  const given = phrases instanceof Map ? phrases : new Map(Object.entries(phrases));
  const strings = new Set(['']);
  for (const text of given.keys()) for (let end = 1; end <= text.length; end++) strings.add(text.slice(0, end));
  // The order of latin-1 strings by code unit is preorder.
  const order = [...strings].sort((a, b) => (a < b ? -1 : 1));
  const childCounts = new Map<string, number>();
  for (const text of order) {
    if (text === '') continue;
    const parent = text.slice(0, -1);
    childCounts.set(parent, (childCounts.get(parent) ?? 0) + 1);
  }
  return {
    coder,
    windowBits,
    fingerprint: 'made by hand',
    bytes: Uint8Array.from(order, (text) => (text === '' ? 0 : text.charCodeAt(text.length - 1))),
    childCounts: Uint16Array.from(order, (text) => childCounts.get(text) ?? 0),
    codes: Int32Array.from(order, (text) => given.get(text) ?? -1),
    provenance: { source: 'custom', modelFingerprint: 'none', corpus: 'none' },
  };
}

/** Few bytes, so that strings begin and continue each other, the extremes among them. */
const someByte = fc.constantFrom(0, 97, 98, 255);
export const someBytes = fc.oneof(
  { weight: 3, arbitrary: fc.array(someByte, { maxLength: 80 }).map((bytes) => Uint8Array.from(bytes)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);

const someStrings = fc.array(fc.array(someByte, { minLength: 1, maxLength: 6 }), { maxLength: 30 }).map((strings) => {
  const closed = new Set<string>();
  for (const bytes of strings)
    for (let end = 1; end <= bytes.length; end++) closed.add(latin1(Uint8Array.from(bytes.slice(0, end))));
  return [...closed].sort();
});

/** Any prefix-closed set of strings, of which any may have a code of its own. */
export const uniquePhrasebook: fc.Arbitrary<Phrasebook> = someStrings.chain((strings) =>
  fc
    .tuple(
      fc.uniqueArray(fc.nat(2 ** 12 - 1), { minLength: strings.length, maxLength: strings.length }),
      fc.array(fc.boolean(), { minLength: strings.length, maxLength: strings.length }),
    )
    .map(([codes, coded]) => new Map(strings.map((text, index) => [text, coded[index]! ? codes[index]! : null]))),
);

/** The same where every string has a code, its own or that of the string without its last byte. */
export const sharedPhrasebook: fc.Arbitrary<Phrasebook> = someStrings.chain((strings) =>
  fc
    .tuple(
      fc.uniqueArray(fc.nat(2 ** 12 - 1), { minLength: strings.length, maxLength: strings.length }),
      fc.array(fc.boolean(), { minLength: strings.length, maxLength: strings.length }),
    )
    .map(([codes, shared]) => {
      // A code that one child took from its parent is not in the interval of another.
      const book = new Map<string, number>();
      const taken = new Set<string>();
      for (const [index, text] of strings.entries()) {
        const parent = text.slice(0, -1);
        const inherits = shared[index]! && parent !== '' && !taken.has(parent);
        if (inherits) taken.add(parent);
        book.set(text, inherits ? book.get(parent)! : codes[index]!);
      }
      return book;
    }),
);

/** A unit of the plain parse: the bytes it covers and their code, null for a literal. */
export interface PlainUnit {
  text: string;
  code: number | null;
}

/** Rule 7 of the window coder as it is written. */
export function plainParse(book: Phrasebook, bytes: Uint8Array, ends: Iterable<number> = [bytes.length]): PlainUnit[] {
  const units: PlainUnit[] = [];
  let start = 0;
  for (const end of ends) {
    while (start < end) {
      const rest = latin1(bytes.subarray(start, end));
      let unit: PlainUnit = { text: rest[0]!, code: null };
      for (let length = 1; length <= rest.length && book.has(rest.slice(0, length)); length++) {
        const code = book.get(rest.slice(0, length)) ?? null;
        if (code !== null) unit = { text: rest.slice(0, length), code };
      }
      units.push(unit);
      start += unit.text.length;
    }
  }
  return units;
}

/** Ends of segments of a text: ascending, the last its length; none for an empty one. */
export function someEnds(length: number): fc.Arbitrary<Uint32Array> {
  if (length === 0) return fc.constant(new Uint32Array(0));
  return fc
    .uniqueArray(fc.integer({ min: 1, max: length }), { maxLength: 8 })
    .map((ends) => Uint32Array.from(new Set([...ends, length])).sort());
}
