import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineBlocks, newMemory } from '../../../src/data/preprocess/line-blocks.js';

const BLOCK_BYTES = 2 ** 20;

/** The blocks that are made of some bytes when every read gives up to `most` of them. */
async function blocksOf(bytes: Uint8Array, most: number, memory = newMemory): Promise<Buffer[]> {
  let at = 0;
  const read = async (into: Uint8Array): Promise<number> => {
    const piece = bytes.subarray(at, at + Math.min(most, into.length));
    into.set(piece);
    at += piece.length;
    return piece.length;
  };
  const blocks: Buffer[] = [];
  for await (const block of lineBlocks(read, memory)) blocks.push(block);
  return blocks;
}

/** Lines of these lengths, their ends included; the last may lack its end. */
function lines(lengths: readonly number[], ends: boolean): Buffer {
  const text = Buffer.concat(lengths.map((length) => Buffer.alloc(length, 'x').fill('\n', length - 1)));
  return ends ? text : text.subarray(0, Math.max(0, text.length - 1));
}

describe('lineBlocks', () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 400_000 }), fc.constantFrom(1, BLOCK_BYTES, 3_000_000)), {
    maxLength: 12,
  });

  it('ends every block with the first line that brings it to its size, however the bytes come', async () => {
    const cases = fc.asyncProperty(lengths, fc.boolean(), fc.integer({ min: 1_000, max: 2 ** 22 }), check);
    await fc.assert(cases, { numRuns: 40 });

    async function check(given: readonly number[], ends: boolean, most: number): Promise<void> {
      const bytes = lines(given, ends);
      const expected: number[] = [];
      let length = 0;
      for (const line of given) {
        length += line;
        if (length < BLOCK_BYTES) continue;
        expected.push(length);
        length = 0;
      }
      if (length > 0) expected.push(length);
      // The end that is lacking is no byte of the last block.
      if (!ends && given.length > 0) expected[expected.length - 1]!--;
      const blocks = await blocksOf(bytes, most);
      expect(blocks.map((block) => block.length)).toEqual(expected.filter((size) => size > 0));
      expect(Buffer.concat(blocks).equals(bytes)).toBe(true);
    }
  });

  it('gives every block memory of its own, whatever was in it before', async () => {
    const bytes = lines([700_000, 700_000, 700_000, 5], true);
    const blocks = await blocksOf(bytes, 2 ** 22, (size) => new Uint8Array(size).fill(0x0a).buffer);
    expect(new Set(blocks.map(({ buffer }) => buffer)).size).toBe(2);
    expect(Buffer.concat(blocks).equals(bytes)).toBe(true);
  });
});
