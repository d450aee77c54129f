import { describe, expect, it } from 'vitest';
import { bitCompressors } from '../../../compressors/bits/index.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { Compressor, Encoded } from '../../../src/plugins/contracts.js';
import { CompressorError } from '../../../src/support/errors.js';
import goldens from '../../fixtures/data_pipeline.json' with { type: 'json' };
import {
  behavesLikeACodec,
  coversBytesBySymbols,
  DOCUMENTS,
  equalBytes,
  largeDocument,
} from '../codec-specification.js';

type Name = 'bit' | 'doublebit' | 'halfbyte' | 'doublebyte';

const context = pluginContext('/nonexistent', () => {});
const make = (name: Name): Promise<Compressor> =>
  bitCompressors.find((definition) => definition.name === name)!.create({}, context);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const encode = async (name: Name, text: string): Promise<Encoded> => (await make(name)).encode(bytesOf(text));
const decode = async (name: Name, symbols: number[], side?: number[]): Promise<Uint8Array> =>
  (await make(name)).decode({ symbols: Uint32Array.from(symbols), ...(side && { side: Uint8Array.from(side) }) });

describe.each([
  { name: 'bit', alphabet: 2 },
  { name: 'doublebit', alphabet: 4 },
  { name: 'halfbyte', alphabet: 16 },
  { name: 'doublebyte', alphabet: 65536 },
] as const)('$name', ({ name, alphabet }) => {
  behavesLikeACodec(() => make(name));
  coversBytesBySymbols(() => make(name));

  it(`has an alphabet of ${alphabet}`, async () => {
    expect((await make(name)).alphabetSize).toBe(alphabet);
  });

  it('gives the symbols of the reference', async () => {
    const codec = await make(name);
    for (const [index, document] of DOCUMENTS.entries())
      expect([...(await codec.encode(document)).symbols]).toEqual(goldens[name][index]);
  });

  it('refuses a symbol beyond its alphabet, naming it and its position', async () => {
    const { symbols } = await encode(name, 'ABCD');
    const damaged = [...symbols.slice(0, -1), alphabet];
    await expect(decode(name, damaged)).rejects.toThrow(CompressorError);
    await expect(decode(name, damaged)).rejects.toThrow(`symbol ${alphabet} at position ${symbols.length - 1}`);
    await expect(decode(name, [...symbols.slice(0, -1), 2 ** 32 - 62])).rejects.toThrow('4294967234');
  });
});

describe('the examples of the reference', () => {
  it.each([
    ['bit', 'A', [0, 1, 0, 0, 0, 0, 0, 1]],
    ['doublebit', 'A', [1, 0, 0, 1]],
    ['halfbyte', 'ABC', [4, 1, 4, 2, 4, 3]],
    ['doublebyte', 'ABCD', [16706, 17220]],
    ['doublebyte', 'ABC', [16706, 17152]],
  ] as const)('%s of %s', async (name, text, symbols) => {
    expect([...(await encode(name, text)).symbols]).toEqual(symbols);
  });
});

describe('the bytes that symbols cover', () => {
  it.each([
    [
      'bit',
      'A',
      [
        [0, 0, 1],
        [1, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
        [0, 0, 1],
        [1, 0, 1],
      ],
    ],
    [
      'halfbyte',
      'AB',
      [
        [4, 0, 1],
        [1, 0, 1],
        [4, 1, 2],
        [2, 1, 2],
      ],
    ],
    [
      'doublebyte',
      'ABC',
      [
        [16706, 0, 2],
        [17152, 2, 3],
      ],
    ],
  ] as const)('%s of %s', async (name, text, expected) => {
    const segments = [...(await (await make(name)).segments!(bytesOf(text)))];
    expect(segments.map(({ symbol, byteStart, byteEnd }) => [symbol, byteStart, byteEnd])).toEqual(expected);
  });
});

describe('symbols that end within a byte', () => {
  it.each([
    ['bit', 7],
    ['doublebit', 3],
    ['halfbyte', 1],
  ] as const)('are refused by %s', async (name, count) => {
    await expect(decode(name, new Array(count).fill(0))).rejects.toThrow(CompressorError);
  });
});

describe('doublebyte', () => {
  it('keeps a final NUL of an even document and of an odd one', async () => {
    const codec = await make('doublebyte');
    for (const text of ['AB\0C\0\0', 'AB\0', '\0', '\0\0'])
      expect(await codec.decode(await codec.encode(bytesOf(text)))).toEqual(bytesOf(text));
  });

  it('has side data for odd lengths alone', async () => {
    expect((await encode('doublebyte', 'AB')).side).toBeUndefined();
    expect((await encode('doublebyte', 'ABC')).side).toEqual(Uint8Array.of(1));
  });

  it('reads symbols without side data, as a model writes them, as whole pairs', async () => {
    expect(await decode('doublebyte', [16706, 17152])).toEqual(bytesOf('ABC\0'));
  });

  it.each([
    ['a last symbol that holds two bytes', [16706], [1]],
    ['no last symbol', [], [1]],
    ['another number of bytes', [16640], [2]],
    ['more than one number', [16640], [1, 1]],
  ])('refuses side data with %s', async (_, symbols, side) => {
    await expect(decode('doublebyte', symbols, side)).rejects.toThrow(CompressorError);
  });
});

describe('a document of 50 MB', () => {
  // A symbol takes four bytes in memory: codecs of fewer bits a symbol get a share of the document.
  it.each([
    ['bit', 1 / 8],
    ['doublebit', 1 / 4],
    ['halfbyte', 1],
    ['doublebyte', 1],
  ] as const)('goes through %s', async (name, share) => {
    const codec = await make(name);
    const bytes = largeDocument().subarray(0, Math.floor(50_000_000 * share) - 1);
    expect(equalBytes(await codec.decode(await codec.encode(bytes)), bytes)).toBe(true);
  });
});
