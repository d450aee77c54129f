import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ELEMENT_BYTES,
  type ElementType,
  SafetensorsFile,
  SafetensorsWriter,
  tensorByteLength,
} from '../../../src/checkpoints/index.js';
import { CheckpointError } from '../../../src/support/errors.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { readMutatedFiles } from './mutated-files.js';
import { readAll, type Stored, write } from './stored.js';

/** A file of the given header and data, whatever they say. */
function writeRaw(header: unknown, data: number | Uint8Array = 0): string {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  const path = join(temporaryDirectory(), 'raw.safetensors');
  writeFileSync(path, Buffer.concat([length, json, typeof data === 'number' ? new Uint8Array(data) : data]));
  return path;
}

const byName = (a: Stored, b: Stored) => (a.name < b.name ? -1 : 1);

const elementTypes = Object.keys(ELEMENT_BYTES) as ElementType[];

const tensors: fc.Arbitrary<Stored[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.stringMatching(/^[a-zé_.0-9]{1,12}(\/[a-z]{1,5})?$/).filter((name) => !/^\.{1,2}($|\/)/.test(name)),
      type: fc.constantFrom(...elementTypes),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
      seed: fc.nat(255),
    })
    .map(({ seed, ...spec }) => ({
      ...spec,
      bytes: Uint8Array.from({ length: tensorByteLength(spec) }, (_, index) => seed + 31 * index),
    })),
  { selector: ({ name }) => name, maxLength: 8 },
);

describe('a safetensors file', () => {
  it('gives back names, types, shapes, bytes and metadata', async () => {
    const metadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(tensors, metadata, async (stored, texts) => {
        // Tensors without elements have no place among the others, so the order is compared by name.
        const read = await readAll(await write(stored, texts));
        expect(read.tensors.sort(byName)).toEqual(stored.toSorted(byName));
        expect(read.metadata).toEqual(texts);
      }),
    );
  });

  it('takes tensors in pieces, and shows the bytes to a checksum in order', async () => {
    const path = join(temporaryDirectory(), 'x.safetensors');
    const writer = await SafetensorsWriter.create(path, 4096);
    const seen: number[] = [];
    const pieces = [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4)];
    await writer.append({ name: 'a', type: 'U8', shape: [4] }, pieces, (piece) => seen.push(...piece));
    await writer.finish();
    expect(seen).toEqual([1, 2, 3, 4]);
    const file = await SafetensorsFile.open(path);
    const shown: number[] = [];
    expect([...(await file.read('a', (piece) => shown.push(...piece)))]).toEqual([1, 2, 3, 4]);
    expect(shown).toEqual([1, 2, 3, 4]);
    await file.close();
  });

  it('is read by rows', async () => {
    const bytes = Uint8Array.from({ length: 24 }, (_, index) => index);
    const file = await SafetensorsFile.open(await write([{ name: 'm', type: 'I16', shape: [4, 3], bytes }]));
    expect([...(await file.readRows('m', 1, 2))]).toEqual([...bytes.subarray(6, 18)]);
    expect(await file.readRows('m', 4, 0)).toHaveLength(0);
    await expect(file.readRows('m', 3, 2)).rejects.toThrow(RangeError);
    await file.close();
  });

  it('is read in several pieces where a tensor is larger than one', async () => {
    const bytes = new Uint8Array(new Uint32Array(5_000_000).map((_, index) => Math.imul(index, 2654435761)).buffer);
    const path = await write([{ name: 'large', type: 'U32', shape: [5_000_000], bytes }]);
    const file = await SafetensorsFile.open(path);
    const lengths: number[] = [];
    expect(Buffer.compare(await file.read('large', (piece) => lengths.push(piece.byteLength)), bytes)).toBe(0);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(bytes.byteLength);
    expect(Math.max(...lengths)).toBeLessThan(bytes.byteLength);
    await file.close();
  });

  it('has no tensor that it was not given', async () => {
    const file = await SafetensorsFile.open(await write([]));
    expect(() => file.entry('toString')).toThrow(/has no tensor "toString"/);
    await file.close();
  });

  it('refuses to be written with a name twice, wrong sizes, or too little space for its header', async () => {
    const spec = () => ({ name: 'a', type: 'U8' as const, shape: [2] });
    const create = () => SafetensorsWriter.create(join(temporaryDirectory(), 'x'), 48);
    for (const [length, problem] of [
      [1, /fewer bytes/],
      [3, /more bytes/],
    ] as const) {
      const failing = await create();
      await expect(failing.append(spec(), new Uint8Array(length))).rejects.toThrow(problem);
      await failing.abandon();
    }
    const writer = await create();
    await writer.append(spec(), new Uint8Array(2));
    await expect(writer.append(spec(), new Uint8Array(2))).rejects.toThrow(/twice/);
    await expect(writer.finish()).rejects.toThrow(/does not fit/);
  });
});

describe('a header from elsewhere', () => {
  const entry = (changes: object = {}) => ({ dtype: 'F32', shape: [1], data_offsets: [0, 4], ...changes });

  it.each<[string, unknown, number, RegExp]>([
    ['no JSON', '{"a": ', 0, /not JSON/],
    ['no object', [1], 0, /not a JSON object/],
    ['an unknown type', { a: entry({ dtype: 'F31' }) }, 4, /unknown type/],
    ['a type from the prototype', { a: entry({ dtype: 'toString' }) }, 4, /unknown type/],
    ['a negative size', { a: entry({ shape: [-1] }) }, 4, /no valid shape/],
    ['a fractional size', { a: entry({ shape: [0.5] }) }, 4, /no valid shape/],
    ['a size beyond exact numbers', { a: entry({ shape: [2 ** 60, 2 ** 60] }) }, 4, /no valid shape/],
    ['a product beyond exact numbers', { a: entry({ shape: [2 ** 50, 2 ** 50] }) }, 4, /what its type and shape take/],
    ['no offsets', { a: { dtype: 'F32', shape: [1] } }, 4, /no valid offsets/],
    ['three offsets', { a: entry({ data_offsets: [0, 2, 4] }) }, 4, /no valid offsets/],
    ['reversed offsets', { a: entry({ data_offsets: [4, 0] }) }, 4, /no valid offsets/],
    ['bytes that do not fit the shape', { a: entry({ shape: [2] }) }, 4, /what its type and shape take/],
    ['overlapping tensors', { a: entry(), b: entry({ data_offsets: [2, 6] }) }, 6, /overlaps another/],
    ['the same bytes twice', { a: entry(), b: entry() }, 4, /overlaps another/],
    ['a gap', { a: entry(), b: entry({ data_offsets: [5, 9] }) }, 9, /follows a gap/],
    ['less data than it says', { a: entry() }, 3, /truncated: \d+ bytes of \d+/],
    ['more data than it says', { a: entry() }, 5, /1 bytes belong to no tensor/],
    ['metadata that is no object', { __metadata__: 'x' }, 0, /metadata is not an object/],
    ['metadata that is not text', { __metadata__: { x: 1 } }, 0, /other than text/],
    ['a tensor that is no object', { a: 1 }, 0, /not described by an object/],
    ['a path upwards', { '../../etc/passwd': entry() }, 4, /without detours/],
    ['an absolute path', { '/etc/passwd': entry() }, 4, /without detours/],
    ['a hidden path upwards', { 'a/../../b': entry() }, 4, /without detours/],
    ['a backslash', { 'a\\b': entry() }, 4, /backslash/],
    ['a zero byte', { 'a\0b': entry() }, 4, /control character/],
    ['an empty name', { '': entry() }, 4, /empty/],
    ['an overlong name', { ['a'.repeat(2000)]: entry() }, 4, /overlong/],
  ])('is refused when it has %s', async (_, header, data, reason) => {
    const path = writeRaw(header, data);
    const opening = SafetensorsFile.open(path);
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toBeInstanceOf(CheckpointError);
    await expect(opening).rejects.toMatchObject({ location: { file: path } });
  });

  it.each([
    ['longer than the format allows', 2n ** 63n, 100],
    ['longer than the file', 50n, 20],
  ])('is refused when it is %s', async (_, length, size) => {
    const path = join(temporaryDirectory(), 'x');
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    writeFileSync(path, bytes);
    await expect(SafetensorsFile.open(path)).rejects.toThrow(/header claims/);
  });

  it('may be padded, and in any order', async () => {
    const header =
      '{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}   ';
    const { tensors } = await readAll(writeRaw(header, Uint8Array.of(7, 8)));
    expect(tensors.map(({ name, bytes }) => [name, bytes[0]])).toEqual([
      ['a', 7],
      ['b', 8],
    ]);
  });

  it('is refused where a tensor has a name that objects keep for themselves', async () => {
    const header = '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    await expect(SafetensorsFile.open(writeRaw(header, Uint8Array.of(7)))).rejects.toThrow(/reserved .* "__proto__"/);
  });

  it.each(['missing', '.', '../../../../../../dev/null'])('is not looked for in %s', async (name) => {
    await expect(SafetensorsFile.open(join(temporaryDirectory(), name))).rejects.toThrow(CheckpointError);
  });
});

describe('a mutated file', () => {
  it('is read correctly or refused with a typed error, and never asks for more memory than its size', async () => {
    const { read, refused } = await readMutatedFiles(500);
    expect(read).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});
