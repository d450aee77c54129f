import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { tensorByteLength } from '../../../src/checkpoints/index.js';
import { CheckpointError } from '../../../src/support/errors.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { readAll, write } from './stored.js';

/** A change to bytes, at a place or, behind their end, nowhere. */
export interface Mutation {
  kind: 'flip' | 'cut' | 'insert' | 'digit';
  at: number;
  value: number;
}

/** Changes within the first bytes of a file, as many as `reach`. */
export function mutationOf(reach: number): fc.Arbitrary<Mutation> {
  return fc.record({
    kind: fc.constantFrom<Mutation['kind']>('flip', 'cut', 'insert', 'digit'),
    at: fc.nat(reach - 1),
    value: fc.nat(255),
  });
}

/**
 * Reads a small file after random changes: each must be read with tensors that fit the file, or be refused by a
 * CheckpointError. Returns how many of `count` files went each way.
 */
export async function readMutatedFiles(count: number): Promise<{ read: number; refused: number }> {
  const original = await write(
    [
      { name: 'layer.weight', type: 'F32', shape: [3, 5], bytes: new Uint8Array(60).fill(1) },
      { name: 'layer.bias', type: 'BF16', shape: [5], bytes: new Uint8Array(10).fill(2) },
      { name: 'mask', type: 'BOOL', shape: [2, 2], bytes: new Uint8Array(4).fill(3) },
    ],
    { format: 'pt' },
  );
  const intact = readFileSync(original);
  const mutation = mutationOf(intact.length);
  const path = join(temporaryDirectory(), 'mutated');
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 6 }), async (mutations) => {
      const bytes = mutations.reduce<Buffer>((changed, next) => mutated(changed, next), intact);
      writeFileSync(path, bytes);
      try {
        const { tensors } = await readAll(path);
        const total = tensors.reduce((sum, tensor) => sum + tensor.bytes.byteLength, 0);
        expect(total).toBeLessThanOrEqual(statSync(path).size);
        for (const tensor of tensors) expect(tensor.bytes.byteLength).toBe(tensorByteLength(tensor));
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
        outcomes.refused++;
      }
    }),
    { numRuns: count },
  );
  return outcomes;
}

export function mutated(bytes: Buffer, { kind, at, value }: Mutation): Buffer {
  const copy = Buffer.from(bytes);
  switch (kind) {
    case 'flip':
      if (at < copy.length) copy[at] = value;
      return copy;
    case 'cut':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + (value % 16))]);
    case 'insert':
      return Buffer.concat([copy.subarray(0, at), Buffer.of(value), copy.subarray(at)]);
    case 'digit': {
      // A digit of the header becomes another one: sizes and offsets that are plausible but wrong.
      const place = copy.findIndex((byte, index) => index >= at && byte >= 0x30 && byte <= 0x39);
      if (place >= 0) copy[place] = 0x30 + (value % 10);
      return copy;
    }
  }
}
