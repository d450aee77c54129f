import fc from 'fast-check';
import { expect } from 'vitest';
import { PcError } from '../../../src/support/errors.js';
import { builtInCodec, compressBytes, decompressBytes } from './files.js';

/**
 * Decompresses a small file after random changes: each must be refused by a typed error, or give the text. Returns how
 * many of `count` went each way.
 */
export async function readMutatedContainers(count: number): Promise<{ read: number; refused: number }> {
  const codec = await builtInCodec('gzip', 400);
  const text = Buffer.concat([Buffer.from('for i in range(10): pass\n'.repeat(40)), Buffer.from([0, 255, 128])]);
  const { bytes: intact } = await compressBytes(text, codec);
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(intact.length - 1), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(intact.length - 1), value: fc.nat(60) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(intact.length - 1), value: fc.nat(255) }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat(intact.length - 1), value: fc.constant(0) }),
  );
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      const file = mutations.reduce((bytes, { kind, at, value }) => mutated(bytes, kind, at, value), intact);
      try {
        const { bytes } = await decompressBytes(file, codec, 50);
        expect(bytes).toEqual(text);
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(PcError);
        outcomes.refused++;
      }
    }),
    { numRuns: count },
  );
  return outcomes;
}

function mutated(bytes: Buffer, kind: 'flip' | 'cut' | 'insert' | 'end', at: number, value: number): Buffer {
  switch (kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = value;
      return copy;
    }
    case 'cut':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + value)]);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at)]);
    case 'end':
      return bytes.subarray(0, at);
  }
}
