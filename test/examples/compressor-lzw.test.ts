import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantiateCompressor } from '../../src/plugins/compressor-instance.js';
import { CompressorError } from '../../src/support/errors.js';
import {
  behavesLikeACodec,
  coversBytesBySymbols,
  DOCUMENTS,
  equalBytes,
  largeDocument,
} from '../compressors/codec-specification.js';

interface LzwOptions {
  maxBits?: number;
  whenFull?: 'reset' | 'freeze';
}

const make = (options: LzwOptions = {}) =>
  instantiateCompressor({
    entryUrl: new URL('../../examples/compressor-lzw/index.js', import.meta.url).href,
    name: 'lzw',
    options: { ...options },
    artifactsDirectory: '/artifacts',
  });

const text = (string: string): Uint8Array => new TextEncoder().encode(string);

/** Few different bytes make long strings, so that dictionaries of 9 bits fill many times. */
const repetitive = fc.array(fc.constantFrom(97, 98, 255), { maxLength: 5000 }).map((bytes) => Uint8Array.from(bytes));

/** LZW as textbooks have it, over strings of characters, slow and without any of the example's tables. */
function textbook(bytes: Uint8Array, { maxBits = 12, whenFull = 'reset' }: LzwOptions): number[] {
  const alphabet = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  let known = [...alphabet, 'CLEAR'];
  const codes: number[] = [];
  let word = '';
  for (const byte of bytes) {
    const longer = word + alphabet[byte];
    if (known.includes(longer)) {
      word = longer;
      continue;
    }
    codes.push(known.indexOf(word));
    if (known.length < 2 ** maxBits) known.push(longer);
    if (known.length === 2 ** maxBits && whenFull === 'reset') {
      codes.push(256);
      known = [...alphabet, 'CLEAR'];
    }
    word = alphabet[byte]!;
  }
  return word === '' ? codes : [...codes, known.indexOf(word)];
}

describe.each<LzwOptions>([{}, { maxBits: 9 }, { maxBits: 9, whenFull: 'freeze' }, { maxBits: 16 }])(
  'lzw %o',
  (options) => {
    behavesLikeACodec(() => make(options));
    coversBytesBySymbols(() => make(options));

    it('gives back long documents, by way of a record, too', async () => {
      const compressor = await make(options);
      await fc.assert(
        fc.asyncProperty(repetitive, async (bytes) => {
          const encoded = await compressor.encode(bytes);
          const stored = compressor.field.read(compressor.field.write(encoded));
          expect(stored).toEqual(encoded);
          return equalBytes(await compressor.decode(stored), bytes);
        }),
      );
    });
  },
);

describe('lzw', () => {
  it('writes the codes that textbooks give, above the one for clearing', async () => {
    const { symbols } = await (await make()).encode(text('TOBEORNOTTOBEORTOBEORNOT'));
    const bytes = [...text('TOBEORNOT')];
    expect([...symbols]).toEqual([...bytes, 257, 259, 261, 266, 260, 262, 264]);
  });

  it.each<LzwOptions>([{ maxBits: 9 }, { maxBits: 9, whenFull: 'freeze' }, { maxBits: 10 }])(
    'agrees with a textbook form of itself, %o',
    async (options) => {
      const compressor = await make(options);
      for (const document of DOCUMENTS)
        expect([...(await compressor.encode(document)).symbols]).toEqual(textbook(document, options));
      const oneOf = fc.oneof(repetitive, fc.uint8Array({ maxLength: 2000 }));
      await fc.assert(
        fc.asyncProperty(oneOf, async (bytes) => {
          expect([...(await compressor.encode(bytes)).symbols]).toEqual(textbook(bytes, options));
        }),
        { numRuns: 30 },
      );
    },
  );

  it('says which bytes each symbol stands for: none for that which clears the dictionary', async () => {
    const segments = [...(await (await make({ maxBits: 9 })).segments!(text('ab'.repeat(20_000))))];
    expect(segments.slice(0, 4)).toEqual([
      { symbol: 97, byteStart: 0, byteEnd: 1 },
      { symbol: 98, byteStart: 1, byteEnd: 2 },
      { symbol: 257, byteStart: 2, byteEnd: 4 },
      { symbol: 259, byteStart: 4, byteEnd: 7 },
    ]);
    const { byteEnd } = segments[254]!;
    expect(segments[255]).toEqual({ symbol: 256, byteStart: byteEnd, byteEnd });
    expect(segments[256]).toMatchObject({ byteStart: byteEnd, byteEnd: byteEnd + 1 });
  });

  it('stores each code in as many bits as the largest that can stand there needs', async () => {
    // One string a code: 255 codes of 9 bits reach code 511, and the next can be 512.
    const compressor = await make();
    const distinct = Uint8Array.from({ length: 512 }, (_, i) => (i < 256 ? i : (7 * i) % 256));
    const encoded = await compressor.encode(distinct);
    const storedBits = 9 * Math.min(encoded.symbols.length, 256) + 10 * Math.max(0, encoded.symbols.length - 256);
    const stored = Buffer.from(compressor.field.write(encoded), 'base64');
    expect(encoded.symbols.length).toBeGreaterThan(256);
    expect(stored).toHaveLength(Math.ceil(storedBits / 8));
  });

  it('decodes what is not the longest match, as a model may write it', async () => {
    const decoded = await (await make()).decode({ symbols: Uint32Array.of(97, 98, 97, 98) });
    expect(Buffer.from(decoded).toString()).toBe('abab');
  });

  it.each([
    ['a string that is not known yet', [97, 258], 'stands for nothing there: 258 are known'],
    ['a string as the first symbol', [257], 'stands for nothing there: 256 are known'],
    ['a cleared dictionary that was not full', [97, 256, 97], 'symbol 256 at position 1'],
    ['a full dictionary that is not cleared', new Array<number>(256).fill(97), 'position 255 should be 256'],
    ['nothing after a cleared dictionary', [...new Array<number>(255).fill(97), 256], 'end with 256'],
  ])('refuses %s', async (_, symbols, message) => {
    const compressor = await make({ maxBits: 9 });
    const decoding = async () => compressor.decode({ symbols: Uint32Array.from(symbols) });
    await expect(decoding).rejects.toThrow(CompressorError);
    await expect(decoding).rejects.toThrow(message);
  });

  it('refuses to store what does not fit, and stored codes that were cut off', async () => {
    const { field } = await make();
    expect(() => field.write({ symbols: Uint32Array.of(512) })).toThrow('does not fit into 9 bits');
    expect(() => field.read(Buffer.of(48).toString('base64'))).toThrow(CompressorError);
    expect(() => field.read(Buffer.of(48, 129).toString('base64'))).toThrow('end within a symbol');
  });

  it('takes a document of 10 MB', async () => {
    const compressor = await make({ maxBits: 16 });
    const bytes = largeDocument().subarray(0, 10_000_000);
    expect(equalBytes(await compressor.decode(await compressor.encode(bytes)), bytes)).toBe(true);
  });
});
