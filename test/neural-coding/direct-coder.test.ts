import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrequencyModel } from '../../src/neural-coding/byte-model.js';
import { compileCodebook } from '../../src/neural-coding/compile-codebook.js';
import { DirectCoder, type DirectOptions } from '../../src/neural-coding/direct-coder.js';
import { foretoldPrefixes } from '../../src/neural-coding/foretold-prefixes.js';
import { WindowDecoder } from '../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';
import { CompressorError, ConfigError } from '../../src/support/errors.js';
import { HASH_MODEL_SHAPES, type HashModel, hashModel } from './hash-model.js';
import { someEnds } from './small-codebooks.js';
import { type OracleUnit, oracleEncode } from './window-oracle.js';

const CODERS = ['strict', 'lester'] as const;
const provenance = { source: 'custom', modelFingerprint: 'hash', corpus: 'none' } as const;

/** Bytes that a model likes, and any. */
const textFor = (model: HashModel) => {
  const liked = model.sample(600);
  return fc.oneof(
    fc.tuple(fc.nat(520), fc.nat(80)).map(([start, length]) => liked.slice(start, start + length)),
    fc.uint8Array({ maxLength: 30 }),
  );
};

function symbolsOf(units: readonly OracleUnit[], { windowBits, symbolBits }: DirectOptions): number[] {
  return units.flatMap(({ code, literal }) => {
    if (code === null) return [literal!];
    const digits = code.toString(2).padStart(windowBits, '0');
    return (digits.match(new RegExp(`.{${symbolBits}}`, 'g')) ?? []).map((part) => 256 + Number.parseInt(part, 2));
  });
}

describe.each(CODERS)('%s with the model in the loop', (coder) => {
  it.each([
    [12, 12],
    [16, 8],
    [24, 12],
    [64, 16],
  ])('gives the codes of the rules, windows of %i bits as symbols of %i', async (windowBits, symbolBits) => {
    for (const shape of HASH_MODEL_SHAPES) {
      const model = hashModel(shape, windowBits);
      const options = { windowBits, symbolBits, coder };
      const direct = new DirectCoder(model, options);
      const text = model.sample(48);
      const expected = symbolsOf(oracleEncode(model.after, options, text, [20, 48]), options);
      const [encoded] = await direct.encode([{ bytes: text, segmentEnds: Uint32Array.of(20, 48) }]);
      expect([...encoded!.symbols]).toEqual(expected);
      expect(await direct.decode([encoded!])).toEqual([text]);
    }
  });

  it('decodes to the bytes, whatever these are and whatever is coded beside them', async () => {
    const model = hashModel('skewed', 32);
    const direct = new DirectCoder(model, { windowBits: 32, symbolBits: 16, coder });
    const document = textFor(model).chain((bytes) =>
      someEnds(bytes.length).map((segmentEnds) => ({ bytes, segmentEnds })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(document, { maxLength: 4 }), async (documents) => {
        const together = await direct.encode(documents);
        const alone = await Promise.all(documents.map(async (one) => (await direct.encode([one]))[0]));
        expect(together).toEqual(alone);
        expect(await direct.decode(together)).toEqual(documents.map(({ bytes }) => bytes));
      }),
      { numRuns: 12 },
    );
  });

  it.each(HASH_MODEL_SHAPES)('gives the symbols of the compiled codebook (%s)', async (shape) => {
    const model = hashModel(shape, 12);
    const codebook = await compileCodebook(model, { coder, windowBits: 12 }, { provenance });
    const format = { symbolBits: 6, numbering: 'sparse' } as const;
    const encoder = new WindowEncoder(codebook, format);
    const decoder = new WindowDecoder(codebook, format);
    const direct = new DirectCoder(model, { windowBits: 12, symbolBits: 6, coder });
    await fc.assert(
      fc.asyncProperty(fc.array(textFor(model), { maxLength: 3 }), async (texts) => {
        const compiled = texts.map((text) => encoder.encode(text));
        expect(await direct.encode(texts.map((bytes) => ({ bytes })))).toEqual(compiled);
        expect(compiled.map((encoded) => decoder.decode(encoded))).toEqual(texts);
        expect(await direct.decode(compiled)).toEqual(texts);
      }),
      { numRuns: 12 },
    );
  });

  it('gives the same codes however little it remembers and asks for at a time', async () => {
    const model = hashModel('skewed', 24);
    const options = { windowBits: 24, symbolBits: 12, coder };
    const documents = Array.from({ length: 5 }, (_, index) => ({ bytes: model.sample(40 + index) }));
    const plenty = await new DirectCoder(model, options).encode(documents);
    const forgetful = new DirectCoder(model, { ...options, cachedStrings: 1, batch: 2 });
    expect(await forgetful.encode(documents)).toEqual(plenty);
    expect(await forgetful.decode(plenty)).toEqual(documents.map(({ bytes }) => bytes));
  });
});

it('asks the model for each string once, for all documents together', async () => {
  const model = hashModel('skewed', 24);
  const asked: string[][] = [];
  const direct = new DirectCoder(
    {
      fingerprint: model.fingerprint,
      frequencies(prefixes) {
        asked.push(prefixes.map((prefix) => Buffer.from(prefix).toString('hex')));
        return model.frequencies(prefixes);
      },
    },
    { windowBits: 24, symbolBits: 12, coder: 'strict' },
  );
  const text = model.sample(50);
  await direct.encode(Array.from({ length: 20 }, () => ({ bytes: text })));
  const strings = asked.flat();
  expect(asked[0]).toEqual(['']);
  expect(new Set(strings).size).toBe(strings.length);
});

describe('a model that computes a run of prefixes at a time', () => {
  /** Runs of 64 prefixes of up to 7 bytes, and of 32 longer ones. */
  const runOf = (length: number) =>
    length < 8 ? { shortest: 0, longest: 7, rows: 64 } : { shortest: 8, longest: 63, rows: 32 };

  it.each(CODERS)('gives the same codes in far fewer runs (%s)', async (coder) => {
    const model = hashModel('skewed', 24);
    const options = { windowBits: 24, symbolBits: 12, coder } as const;
    const document = { bytes: model.sample(400), segmentEnds: Uint32Array.of(130, 400) };
    const encodeWith = async (runs: Pick<FrequencyModel, 'runOf'>) => {
      const asked: Uint8Array[][] = [];
      const direct = new DirectCoder(
        {
          fingerprint: model.fingerprint,
          frequencies(prefixes) {
            asked.push([...prefixes]);
            return model.frequencies(prefixes);
          },
          ...runs,
        },
        options,
      );
      const [encoded] = await direct.encode([document]);
      return { encoded, asked };
    };
    const one = await encodeWith({});
    const many = await encodeWith({ runOf });
    expect(many.encoded).toEqual(one.encoded);
    const runs = many.asked.flatMap((prefixes) => [
      Math.ceil(prefixes.filter(({ length }) => length < 8).length / 64),
      Math.ceil(prefixes.filter(({ length }) => length >= 8).length / 32),
    ]);
    expect(Math.max(...runs)).toBe(1);
    expect(runs.reduce((sum, count) => sum + count)).toBeLessThan(one.asked.length / 4);
  });

  it('asks for what the text goes on with, never for anything twice', () => {
    const ahead = Buffer.from('abcdefghij');
    const known = new Set(['ab']);
    const foretold = foretoldPrefixes([{ text: 'a', ahead }], { runOf }, (text) => known.has(text));
    expect(foretold.slice(0, 7)).toEqual(['abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'b', 'bc']);
    expect(new Set(foretold).size).toBe(foretold.length);
    expect(foretold.every((text) => 'abcdefghij'.includes(text) && text.length < 8)).toBe(true);
    expect(foretoldPrefixes([{ text: 'a', ahead: null }], { runOf }, () => false)).toEqual([]);
    expect(foretoldPrefixes([{ text: 'a', ahead }], {}, () => false)).toEqual([]);
  });
});

describe('bad input', () => {
  const model = hashModel('certain', 24);
  const options = { windowBits: 24, symbolBits: 12, coder: 'strict' } as const;

  it.each([
    [{ windowBits: 11, symbolBits: 11 }, '12 … 64 bits'],
    [{ windowBits: 65, symbolBits: 13 }, '12 … 64 bits'],
    [{ symbolBits: 7 }, 'do not fill windows of 24'],
    [{ coder: 'dense' as const }, 'numbers of a compiled codebook'],
  ])('settings %j are refused', (changed, message) => {
    expect(() => new DirectCoder(model, { ...options, ...changed })).toThrow(ConfigError);
    expect(() => new DirectCoder(model, { ...options, ...changed })).toThrow(message);
  });

  it.each([
    [[65, 300], 'position 1 has 1 of its 2 symbols: the symbols end'],
    [[300, 65], 'position 0 has 1 of its 2 symbols: a literal follows'],
    [[300, 4352], 'symbol 4352 at position 1'],
  ])('symbols %j are refused', async (symbols, message) => {
    const decoded = new DirectCoder(model, options).decode([{ symbols: Uint32Array.from(symbols) }]);
    await expect(decoded).rejects.toThrow(CompressorError);
    await expect(decoded).rejects.toThrow(message);
  });

  it('a code that its owner does not have is refused with its position', async () => {
    // The longest phrase, always the favourite byte, keeps most of the unit interval: its code is the lowest of many cells.
    let phrase = new Uint8Array(0);
    while (phrase.length < 64) {
      const frequencies = model.after(phrase);
      phrase = Uint8Array.from([...phrase, frequencies.indexOf(Math.max(...frequencies))]);
    }
    const direct = new DirectCoder(model, options);
    const [encoded] = await direct.encode([{ bytes: phrase }]);
    expect(encoded!.symbols).toHaveLength(2);
    const next = encoded!.symbols.map((symbol, part) => symbol + part);
    const symbols = Uint32Array.of(65, ...next);
    await expect(direct.decode([{ symbols }])).rejects.toThrow('at position 1 belongs to no phrase');
  });

  it('ranks that are missing, or of other windows, are refused', async () => {
    const direct = new DirectCoder(model, { ...options, coder: 'lester' });
    const [{ symbols }] = (await direct.encode([{ bytes: Uint8Array.of(1, 2, 3) }])) as [{ symbols: Uint32Array }];
    await expect(direct.decode([{ symbols }])).rejects.toThrow('are missing');
    await expect(direct.decode([{ symbols, side: Uint8Array.of(0, 0) }])).rejects.toThrow('more than the ranks');
  });

  it('segments that are not those of the document are refused', async () => {
    const direct = new DirectCoder(model, options);
    for (const ends of [[2], [2, 4], [2, 1, 3], []])
      await expect(
        direct.encode([{ bytes: Uint8Array.of(1, 2, 3), segmentEnds: Uint32Array.from(ends) }]),
      ).rejects.toThrow(CompressorError);
  });
});

it('no documents and empty ones have no symbols', async () => {
  const direct = new DirectCoder(hashModel('uniform', 16), { windowBits: 16, symbolBits: 16, coder: 'strict' });
  expect(await direct.encode([])).toEqual([]);
  expect(await direct.encode([{ bytes: new Uint8Array(0) }])).toEqual([{ symbols: new Uint32Array(0) }]);
  expect(await direct.decode([{ symbols: new Uint32Array(0) }])).toEqual([new Uint8Array(0)]);
});
