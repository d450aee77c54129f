import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EntropyTable } from '../../src/neural-coding/entropy-table.js';
import { buildContexts } from '../../src/neural-coding/entropy-table-contexts.js';
import {
  decodeEntropyTable,
  encodeEntropyTable,
  makeEntropyTable,
  readEntropyTable,
} from '../../src/neural-coding/entropy-table-file.js';
import { CodebookError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let table: EntropyTable;
let content: Buffer;

beforeAll(async () => {
  const bytes = Buffer.from('a table of a text, of a small text');
  const sample = { bytes, ends: Uint32Array.of(bytes.length) };
  const trie = await buildContexts(sample, { contexts: 20, longestContext: 3, leastOccurrences: 1 });
  const steps = { length: 999 };
  const quantiles = {
    levels: Int32Array.from(steps, (_, i) => 32 * i),
    jumps: Int32Array.from(steps, (_, i) => 60 * i - 30_000),
  };
  table = makeEntropyTable(trie, quantiles, { corpus: 'ein Text, größer', countedBytes: 34, calibrationBytes: 5 });
  content = Buffer.from(encodeEntropyTable(table));
});

/** As a foreign program could write it: the checksum fits. */
function withChecksum(change: (bytes: Buffer) => void): Buffer {
  const changed = Buffer.from(content);
  change(changed);
  const end = changed.length - 32;
  createHash('sha256').update(changed.subarray(0, end)).digest().copy(changed, end);
  return changed;
}

/** From the end: the checksum, entropies, children and bytes of 20 contexts, and the quantiles before them. */
const at = (fromEnd: number): number => content.length - 32 - fromEnd;

describe('the file of an entropy table', () => {
  it('is read back as it was written', async () => {
    const path = join(temporaryDirectory(), 'small.entropies');
    await writeFile(path, encodeEntropyTable(table));
    expect(await readEntropyTable(path)).toEqual(table);
  });

  it('that is missing, or is something else, is named', async () => {
    const path = join(temporaryDirectory(), 'none.entropies');
    await expect(readEntropyTable(path)).rejects.toMatchObject({ code: 'codebook', location: { file: path } });
    await writeFile(path, 'import x from "y";');
    await expect(readEntropyTable(path)).rejects.toThrow('this is no entropy table');
  });

  it('that is far larger than an entropy table, or no file, is refused without reading it', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'vast.entropies');
    for (const [start, what] of [
      ['import x from "y";', 'this is no entropy table'],
      [content, 'bytes follow its end'],
    ] as const) {
      await writeFile(path, start);
      await truncate(path, 2 ** 36);
      await expect(readEntropyTable(path)).rejects.toThrow(what);
    }
    await expect(readEntropyTable(directory)).rejects.toThrow('is a directory, where the file of an entropy table is');
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['is of format version 2', (bytes) => bytes.writeUInt32LE(2, 8)],
    ['is damaged', (bytes) => bytes.writeUInt32LE(21, 12)],
    ['is damaged', (bytes) => bytes.writeUInt32LE(0xffff_ffff, 12)],
    ['its header is no JSON', (bytes) => bytes.write('[', 20)],
    ['its header is wrong', (bytes) => bytes.write('"corpse"', 21)],
    ['an entropy is above 8 bits', (bytes) => bytes.writeUInt16LE(32_769, at(40))],
    ['its quantiles do not ascend', (bytes) => bytes.writeInt32LE(32_768, at(100 + 999 * 4))],
    ['the empty context has a byte', (bytes) => bytes.writeUInt8(1, at(100))],
    ['is out of order', (bytes) => bytes.writeUInt8(255, at(99))],
    ["is nobody's child", (bytes) => bytes.writeUInt16LE(0, at(80))],
    ['nodes are missing', (bytes) => bytes.writeUInt16LE(bytes.readUInt16LE(at(80)) + 1, at(80))],
  ])('that %s is refused, though its checksum fits', (what, change) => {
    const damaged = withChecksum(change);
    expect(() => decodeEntropyTable(damaged, 'a.entropies')).toThrow(CodebookError);
    expect(() => decodeEntropyTable(damaged, 'a.entropies')).toThrow(what);
  });

  it('with any byte changed, or cut anywhere, is refused', () => {
    fc.assert(
      fc.property(fc.nat({ max: content.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, difference) => {
        const changed = Buffer.from(content);
        changed[place] = changed[place]! ^ difference;
        expect(() => decodeEntropyTable(changed, 'a.entropies')).toThrow(CodebookError);
        expect(() => decodeEntropyTable(content.subarray(0, place), 'a.entropies')).toThrow(CodebookError);
      }),
      { numRuns: 300 },
    );
  });

  it('with anything in it is refused or well formed, though its checksum fits', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: content.length - 33 }),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (place, junk) => {
          const changed = withChecksum((bytes) => bytes.set(junk.subarray(0, bytes.length - 32 - place), place));
          try {
            const { bytes, childCounts } = decodeEntropyTable(changed, 'a.entropies');
            expect(childCounts.reduce((sum, count) => sum + count, 1)).toBe(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(CodebookError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('a fingerprint covers what determines boundaries, and not where the table is from', () => {
  const { quantiles, provenance, fingerprint } = table;
  expect(makeEntropyTable(table, quantiles, { ...provenance, corpus: 'other' }).fingerprint).toBe(fingerprint);
  const entropies = table.entropies.map((entropy) => entropy + 1);
  const levels = quantiles.levels.map((level) => level + 1);
  expect(makeEntropyTable({ ...table, entropies }, quantiles, provenance).fingerprint).not.toBe(fingerprint);
  expect(makeEntropyTable(table, { ...quantiles, levels }, provenance).fingerprint).not.toBe(fingerprint);
});
