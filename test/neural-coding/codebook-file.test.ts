import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Codebook } from '../../src/neural-coding/codebook.js';
import { decodeCodebook, encodeCodebook, readCodebook, writeCodebook } from '../../src/neural-coding/codebook-file.js';
import { compileCodebook } from '../../src/neural-coding/compile-codebook.js';
import { WINDOW_CODERS, type WindowCoder } from '../../src/neural-coding/parameters.js';
import { CodebookError, OutputError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { hashModel } from './hash-model.js';
import { readMutatedCodebooks, sealed } from './mutated-codebooks.js';

function compiled(coder: WindowCoder, corpus = 'none'): Promise<Codebook> {
  const provenance = { source: 'custom', modelFingerprint: 'hash', corpus } as const;
  return compileCodebook(hashModel('certain', 12), { coder, windowBits: 12 }, { provenance });
}

const codebooks = new Map<WindowCoder, Codebook>();
for (const coder of WINDOW_CODERS) codebooks.set(coder, await compiled(coder, 'Quelltext: „a“'));
const codebook = codebooks.get('strict')!;
const intact = encodeCodebook(codebook);
const columnsAt = 16 + new DataView(intact.buffer, intact.byteOffset).getUint32(12, true);

describe("a codebook's file", () => {
  it.each(WINDOW_CODERS)('gives back what was written (%s)', async (coder) => {
    const path = join(temporaryDirectory(), 'code.codebook');
    const written = codebooks.get(coder)!;
    await writeCodebook(path, written);
    expect(await readCodebook(path)).toEqual(written);
  });

  it('is the same for the same codebook', async () => {
    expect(encodeCodebook(await compiled('strict', codebook.provenance.corpus))).toEqual(intact);
  });

  it('is not replaced unasked', async () => {
    const path = join(temporaryDirectory(), 'code.codebook');
    await writeFile(path, 'precious');
    await expect(writeCodebook(path, codebook)).rejects.toThrow(OutputError);
    expect(await readFile(path, 'utf8')).toBe('precious');
    await writeCodebook(path, codebook, { replace: true });
    expect(await readCodebook(path)).toEqual(codebook);
  });

  it('needs no more than three bytes for most of its strings', () => {
    expect(intact.length - columnsAt).toBeLessThan(4 * codebook.bytes.length);
  });
});

describe('the fingerprint', () => {
  it('is that of what determines the codes', async () => {
    expect((await compiled('strict', 'another corpus')).fingerprint).toBe(codebook.fingerprint);
    const fingerprints = new Set([...codebooks.values()].map(({ fingerprint }) => fingerprint));
    expect(fingerprints.size).toBe(WINDOW_CODERS.length);
  });
});

describe('a file is refused that', () => {
  const setAt = (at: number, value: number) => sealed(intact.with(at, value));
  const columnsOf = (changes: Partial<Pick<Codebook, 'bytes' | 'childCounts' | 'codes' | 'coder'>>) =>
    encodeCodebook({ ...codebook, ...changes });
  const withHeader = (change: (header: string) => string) => {
    const json = Buffer.from(change(Buffer.from(intact.subarray(16, columnsAt)).toString()));
    const start = Buffer.from(intact.subarray(0, 16));
    start.writeUInt32LE(json.length, 12);
    return sealed(Buffer.concat([start, json, intact.subarray(columnsAt)]));
  };
  const last = codebook.bytes.length - 1;
  const firstCode = codebook.codes.findIndex((code) => code !== -1);
  const other = codebook.codes.findIndex((code, node) => code !== -1 && node > firstCode);
  const deepest = codebook.childCounts.findIndex((_, node) => node > 1 && codebook.childCounts[node] === 0);

  it.each([
    ['is empty', new Uint8Array(0), /this is no codebook/],
    ['is something else', Buffer.from('{"text": "no codebook at all"}'), /this is no codebook/],
    ['ends in its beginning', intact.subarray(0, 10), /ends after 10 of at least 16 bytes/],
    ['ends in its header', intact.subarray(0, 40), /ends after 40 of at least/],
    [
      'ends early',
      intact.subarray(0, -1),
      new RegExp(`ends after ${intact.length - 1} of at least ${intact.length} bytes`),
    ],
    ['goes on behind its end', Buffer.concat([intact, Buffer.of(0)]), /1 bytes follow its end/],
    ['was changed', intact.with(columnsAt + 3, 9), /SHA-256/],
    ['is of a newer version', intact.with(8, 2), /version 2, newer than 1/],
    ['has no version', intact.with(8, 0), /version is 0/],
    ['has a header that is no JSON', setAt(17, 0), /no JSON/],
    [
      'has other parameters',
      withHeader((json) => json.replace('"intervalBits":36', '"intervalBits":40')),
      /header is wrong/,
    ],
    ['has another window', withHeader((json) => json.replace('"windowBits":12', '"windowBits":13')), /header is wrong/],
    ['says it is vast', withHeader((json) => json.replace('"nodes":', '"nodes":9999')), /ends after/],
    ['has a byte at its root', columnsOf({ bytes: codebook.bytes.with(0, 1) }), /root/],
    ['has a code at its root', columnsOf({ codes: codebook.codes.with(0, 5) }), /root/],
    ['lacks single bytes', columnsOf({ childCounts: codebook.childCounts.with(0, 255) }), /255 of the 256/],
    ['has siblings out of order', columnsOf({ bytes: codebook.bytes.with(last, 0) }), /out of order/],
    ['has too many children', columnsOf({ childCounts: codebook.childCounts.with(last, 300) }), /number of children/],
    [
      'has children without nodes',
      columnsOf({ childCounts: codebook.childCounts.with(last, 2) }),
      /2 nodes are missing/,
    ],
    ['has a node too many', columnsOf({ ...chain(2), childCounts: chain(2).childCounts.with(256, 0) }), /nobody's/],
    ['has a code twice', columnsOf({ codes: codebook.codes.with(other, codebook.codes[firstCode]!) }), /same code/],
    ['has a code too large', columnsOf({ codes: codebook.codes.with(last, 4096) }), /not below 4096/],
    ['has a phrase too long', columnsOf(chain(65)), /longer than 64 bytes/],
    [
      'shares codes among strangers',
      columnsOf({
        coder: 'lester',
        codes: codebook.codes
          .slice()
          .fill(3, deepest, deepest + 1)
          .fill(3, last),
      }),
      /same code 3/,
    ],
  ])('%s', async (_, content, message) => {
    expect(() => decodeCodebook(content, 'some.codebook')).toThrow(message);
    const path = join(temporaryDirectory(), 'bad.codebook');
    await writeFile(path, content);
    const reading = readCodebook(path);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ code: 'codebook', location: { file: path } });
  });

  it('cannot be read', async () => {
    const directory = temporaryDirectory();
    await expect(readCodebook(join(directory, 'none'))).rejects.toThrow(CodebookError);
  });

  it('is a directory', async () => {
    const directory = temporaryDirectory();
    await expect(readCodebook(directory)).rejects.toMatchObject({
      code: 'codebook',
      message: `${directory} is a directory, where the file of a codebook is expected`,
      location: { file: directory },
      hint: expect.stringContaining('.codebook'),
    });
  });

  it('is far larger than it says, without reading it', async () => {
    const path = join(temporaryDirectory(), 'sparse.codebook');
    await writeFile(path, intact);
    await truncate(path, 2 ** 36);
    await expect(readCodebook(path)).rejects.toThrow(/bytes follow its end/);
    await writeFile(path, intact.with(14, 255));
    await truncate(path, 2 ** 36);
    await expect(readCodebook(path)).rejects.toThrow(/its header has \d+ bytes/);
  });

  /** All bytes, and below the last a chain of strings up to `length` bytes. */
  function chain(length: number): Pick<Codebook, 'bytes' | 'childCounts' | 'codes'> {
    const nodes = 257 + length - 1;
    const bytes = Uint8Array.from({ length: nodes }, (_, node) => (node > 0 && node < 257 ? node - 1 : 0));
    const childCounts = Uint16Array.from(bytes, (_, node) => (node < 256 || node === nodes - 1 ? 0 : 1));
    childCounts[0] = 256;
    return { bytes, childCounts, codes: new Int32Array(nodes).fill(-1) };
  }
});

it('300 mutated files are read as what they say or refused with a typed error', async () => {
  const { read, refused } = await readMutatedCodebooks(300);
  expect(read + refused).toBe(300);
  expect(refused).toBeGreaterThan(read);
});
