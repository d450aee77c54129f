import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import { decodeCodebook, encodeCodebook } from '../../src/neural-coding/codebook-file.js';
import { compileCodebook } from '../../src/neural-coding/compile-codebook.js';
import { CodebookError } from '../../src/support/errors.js';
import { hashModel } from './hash-model.js';

type Kind = 'set' | 'cut' | 'insert' | 'digit';

const DIGITS = { first: 0x30, last: 0x39 };

const MUTATE: Readonly<Record<Kind, (bytes: Uint8Array, at: number, value: number) => Uint8Array>> = {
  set: (bytes, at, value) => bytes.with(Math.min(at, bytes.length - 1), value),
  cut: (bytes, at, value) => joined(bytes.subarray(0, at), bytes.subarray(at + (value % 16))),
  insert: (bytes, at, value) => joined(bytes.subarray(0, at), Uint8Array.of(value), bytes.subarray(at)),
  // A number of the header becomes another one: sizes that are plausible but wrong.
  digit(bytes, at, value) {
    const place = bytes.findIndex((byte, index) => index >= at % 400 && byte >= DIGITS.first && byte <= DIGITS.last);
    return place < 0 ? bytes : bytes.with(place, DIGITS.first + (value % 10));
  },
};

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The file with the checksum that its content has: what a faulty or hostile writer could have made. */
export function sealed(file: Uint8Array): Uint8Array {
  const content = file.subarray(0, Math.max(0, file.length - 32));
  return joined(content, createHash('sha256').update(content).digest());
}

/**
 * Reads a codebook's file after random changes, half the times with a checksum that fits them: it must be read as a codebook,
 * which written again is read as the same, or be refused by a CodebookError that names the file.
 */
export async function readMutatedCodebooks(count: number): Promise<{ read: number; refused: number }> {
  const provenance = { source: 'custom', modelFingerprint: 'hash', corpus: 'none' } as const;
  const codebook = await compileCodebook(hashModel('skewed', 12), { coder: 'strict', windowBits: 12 }, { provenance });
  const intact = encodeCodebook(codebook);
  const mutation = fc.record({
    kind: fc.constantFrom<Kind>('set', 'cut', 'insert', 'digit'),
    at: fc.nat(intact.length - 1),
    value: fc.nat(255),
  });
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.boolean(), (mutations, reseal) => {
      const changed = mutations.reduce((bytes, { kind, at, value }) => MUTATE[kind](bytes, at, value), intact);
      try {
        const read = decodeCodebook(reseal ? sealed(changed) : changed, 'mutated.codebook');
        expect(decodeCodebook(encodeCodebook(read), 'again')).toEqual(read);
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(CodebookError);
        expect(error).toHaveProperty('location.file', 'mutated.codebook');
        outcomes.refused++;
      }
    }),
    { numRuns: count },
  );
  return outcomes;
}
