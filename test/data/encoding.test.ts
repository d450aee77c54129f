import { describe, expect, it } from 'vitest';
import { drawCodeField, type Encoder, symbolsOf } from '../../src/data/encoding.js';
import { CompressorError, DataError, PluginError } from '../../src/support/errors.js';
import { Random } from '../../src/support/random/index.js';
import { repeatingCompressor } from './settings.js';

const bytes = Buffer.from('abc');
const document = { bytes, codes: new Map([['codes', 'XY']]) };
const place = { file: 'a.jsonl', line: 7 };
const symbols = (compressor: Partial<Encoder>, codeField: string | null = null) =>
  symbolsOf(document, codeField, { ...repeatingCompressor(), ...compressor }, async () => place);

describe('drawCodeField', () => {
  const drawn = (fields: string[]) => {
    const random = Random.fromSeed(1);
    const codes = new Map(fields.map((field) => [field, 'X']));
    return new Set(Array.from({ length: 50 }, () => drawCodeField({ bytes, codes }, random)));
  };

  it('draws one of the fields that a record has, and null where it has none', () => {
    expect(drawn(['a', 'b', 'c'])).toEqual(new Set(['a', 'b', 'c']));
    expect(drawn(['a'])).toEqual(new Set(['a']));
    expect(drawn([])).toEqual(new Set([null]));
  });
});

describe('symbolsOf', () => {
  it('encodes the text, or reads the codes that the record has', async () => {
    expect([...(await symbols({}))]).toEqual([...bytes]);
    expect([...(await symbols({}, 'codes'))]).toEqual([88, 89]);
  });

  it('names the place of a document that the compressor cannot represent', async () => {
    const encode = () => {
      throw new CompressorError('no code for this', { hint: 'Use the byte fallback.' });
    };
    const failure = symbols({ encode });
    await expect(failure).rejects.toBeInstanceOf(CompressorError);
    await expect(failure).rejects.toMatchObject({ location: place, hint: 'Use the byte fallback.' });
  });

  it('blames the plugin for any other error', async () => {
    const encode = () => {
      throw new TypeError('undefined is not a function');
    };
    const failure = symbols({ encode });
    await expect(failure).rejects.toBeInstanceOf(PluginError);
    await expect(failure).rejects.toMatchObject({ location: place, message: expect.stringContaining('undefined is') });
  });

  it('refuses symbols outside the alphabet, which would have no embedding', async () => {
    const failure = symbols({ alphabetSize: 89 }, 'codes');
    await expect(failure).rejects.toBeInstanceOf(DataError);
    await expect(failure).rejects.toMatchObject({ location: { ...place, field: 'codes' } });
    expect([...(await symbols({ alphabetSize: 90 }, 'codes'))]).toEqual([88, 89]);
  });

  it.each([
    ['symbols outside its alphabet', Uint32Array.of(256), 'symbol 256 is outside its alphabet of 256'],
    ['symbols that are no Uint32Array', [97] as unknown as Uint32Array, 'no Uint32Array'],
  ])('blames the plugin for freshly encoded %s', async (_, given, message) => {
    const failure = symbols({ encode: () => ({ symbols: given }) });
    await expect(failure).rejects.toBeInstanceOf(PluginError);
    await expect(failure).rejects.toMatchObject({ location: place, message: expect.stringContaining(message) });
  });

  it('misses codes that were there before', async () => {
    await expect(symbols({}, 'gone')).rejects.toMatchObject({ code: 'data', location: { ...place, field: 'gone' } });
  });
});
