import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neuralCompressor } from '../../../compressors/neural/index.js';
import { readReferenceField } from '../../../src/neural-coding/reference-field.js';
import type { Compressor } from '../../../src/plugins/contracts.js';
import { CompressorError, ConfigError } from '../../../src/support/errors.js';
import { behavesLikeACodec, coversBytesBySymbols, DOCUMENTS, equalBytes } from '../codec-specification.js';
import {
  codebookFile,
  makeNeural,
  modelDirectory,
  SMALL_WINDOW,
  smallByteModel,
  smallCodebook,
  TEXT,
  tableFile,
} from './small-artifacts.js';

const inUse = async (): Promise<number> => new Set((await smallCodebook()).codes.filter((code) => code >= 0)).size;

describe.each([
  ['a strict codebook', async () => makeNeural()],
  ['compact codes', async () => makeNeural({ codes: 'compact' })],
  ['several symbols a window', async () => makeNeural({ symbolBits: 4 })],
  ['shared codes', async () => makeNeural({ codebook: await codebookFile('lester') })],
  ['numbered phrases', async () => makeNeural({ codebook: await codebookFile('dense') })],
  ['segments by a table', async () => makeNeural({ segmentation: 'table', entropyTable: await tableFile() })],
  [
    'segments by a model',
    async () => makeNeural({ segmentation: 'entropy', segmentationModel: await modelDirectory() }),
  ],
])('neural with %s', (_, make: () => Promise<Compressor>) => {
  behavesLikeACodec(make);
  coversBytesBySymbols(make);
});

describe('neural with a model in the loop', () => {
  it('writes the symbols of the codebook that the model compiles to', async () => {
    for (const coder of ['strict', 'lester'] as const) {
      const compiled = await makeNeural({ codebook: await codebookFile(coder) });
      const direct = await makeNeural({ model: 'any', windowBits: SMALL_WINDOW, coder });
      expect(direct.alphabetSize).toBe(compiled.alphabetSize);
      for (const document of DOCUMENTS) {
        const encoded = await direct.encode(document);
        expect(encoded).toEqual(await compiled.encode(document));
        expect(equalBytes(await direct.decode(encoded), document)).toBe(true);
        expect([...(await direct.segments!(document))]).toEqual([...(await compiled.segments!(document))]);
      }
    }
  });

  it('codes windows that are wider than any codebook', async () => {
    const neural = await makeNeural({ model: 'any', windowBits: 32 });
    expect(neural.alphabetSize).toBe(256 + 2 ** 16);
    expect(neural.field.name).toBe('m1_ac_ow32');
    const encoded = await neural.encode(TEXT);
    expect(neural.field.read(neural.field.write(encoded))).toEqual(encoded);
    expect(equalBytes(await neural.decode(encoded), TEXT)).toBe(true);
  });

  it('is asked about all documents of a batch together, and closed in the end', async () => {
    const model = smallByteModel();
    const neural = await makeNeural({ model: 'any' }, model);
    const batch = await neural.encodeBatch!([...DOCUMENTS]);
    expect(batch).toEqual(await Promise.all(DOCUMENTS.map((document) => neural.encode(document))));
    await neural.dispose!();
    expect(model.closed).toBe(1);
  });
});

describe('the alphabet', () => {
  it('has 256 literals and every code, or every part of one', async () => {
    expect((await makeNeural()).alphabetSize).toBe(256 + 2 ** 12);
    expect((await makeNeural({ symbolBits: 6 })).alphabetSize).toBe(256 + 2 ** 6);
  });

  it('is as small as the codes in use where they are compact', async () => {
    expect((await makeNeural({ codes: 'compact' })).alphabetSize).toBe(256 + (await inUse()));
  });
});

describe('the record field', () => {
  it('is that of the published pipeline, named for the bits of a window', async () => {
    const neural = await makeNeural();
    expect(neural.field.name).toBe('m1_ac_ow12');
    const { symbols } = await neural.encode(TEXT);
    const text = neural.field.write({ symbols });
    expect(readReferenceField(text, { windowBits: 12, symbolBits: 12 })).toEqual(symbols);
  });

  it('holds codes by their own numbers, however a model is to number them', async () => {
    const [sparse, compact] = [await makeNeural(), await makeNeural({ codes: 'compact' })];
    const encoded = await compact.encode(TEXT);
    const text = compact.field.write(encoded);
    expect(text).toBe(sparse.field.write(await sparse.encode(TEXT)));
    expect(compact.field.read(text)).toEqual(encoded);
    expect(equalBytes(await compact.decode(encoded), TEXT)).toBe(true);
  });

  it('is refused under compact numbers where it has codes of no phrase', async () => {
    const codes = new Set((await smallCodebook()).codes);
    const free = Array.from({ length: 2 ** 12 }, (_, code) => code).find((code) => !codes.has(code))!;
    const foreign = (await makeNeural()).field.write({ symbols: Uint32Array.of(65, 256 + free) });
    const { field } = await makeNeural({ codes: 'compact' });
    expect(() => field.read(foreign)).toThrowError(`code ${free} at position 1 belongs to no phrase of the codebook`);
  });

  it('is refused under a name that says windows of another size', async () => {
    const { field } = await makeNeural();
    const text = field.write({ symbols: Uint32Array.of(65) });
    for (const name of ['m1_ac_ow12', 'm1_ac_chosen_ow12_v2', 'm1_ac_mine'])
      expect([...field.read(text, name).symbols]).toEqual([65]);
    expect(() => field.read(text, 'm1_ac_v2_ow16')).toThrowError(
      'the field m1_ac_v2_ow16 has codes of windows of 16 bits',
    );
  });

  it('keeps the ranks of shared codes in a field of ours, without which nothing is decoded', async () => {
    const neural = await makeNeural({ codebook: await codebookFile('lester') });
    expect(neural.field.sideName).toBe('pc_neural_side');
    const { symbols, side } = await neural.encode(TEXT);
    expect(side!.length).toBeGreaterThan(0);
    expect(() => neural.decode({ symbols })).toThrowError(CompressorError);
  });
});

describe('segmentation', () => {
  it('is crossed by no window: a document is coded as its segments are, each by itself', async () => {
    const options = {
      segmentation: 'table',
      entropyTable: await tableFile(),
      criterion: 'level',
      levelQuantile: 0.05,
      longestSegment: 20,
    };
    const [cut, whole] = [await makeNeural(options), await makeNeural()];
    const segments = [...(await cut.segments!(TEXT))];
    const starts = [0, ...segments.filter(({ afterCut }) => afterCut).map(({ byteStart }) => byteStart)];
    expect(starts.length).toBeGreaterThan(TEXT.length / 20);
    const pieces = starts.map((start, i) => TEXT.subarray(start, starts[i + 1]));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(20);
    const alone = await Promise.all(pieces.map(async (piece) => [...(await whole.encode(piece)).symbols]));
    expect([...(await cut.encode(TEXT)).symbols]).toEqual(alone.flat());
  });

  it('by a table stores nothing: the codes are decoded without it', async () => {
    const cut = await makeNeural({ segmentation: 'table', entropyTable: await tableFile() });
    const encoded = await cut.encode(TEXT);
    expect(encoded.side).toBeUndefined();
    expect(equalBytes(await (await makeNeural()).decode(encoded), TEXT)).toBe(true);
  });

  it('by a model stores its boundaries, and asks about a batch at once', async () => {
    const neural = await makeNeural({ segmentation: 'entropy', segmentationModel: await modelDirectory() });
    const batch = await neural.encodeBatch!([...DOCUMENTS]);
    expect(batch).toEqual(await Promise.all(DOCUMENTS.map((document) => neural.encode(document))));
    const cuts = [...(await neural.segments!(TEXT))]
      .filter(({ afterCut }) => afterCut)
      .map(({ byteStart }) => byteStart);
    // How many segments there are, then the length of each: all below 128, a byte each.
    const { side } = await neural.encode(TEXT);
    const lengths = [...cuts, TEXT.length].map((end, i) => end - (cuts[i - 1] ?? 0));
    expect([...side!.subarray(side![0]! < 128 ? 1 : 2)]).toEqual(lengths);
  });

  it.each([
    ['none', () => undefined, 'the boundaries of the segments are missing'],
    ['fewer than they say', (side: Uint8Array) => side.subarray(0, -1), 'the boundaries of the segments are missing'],
    ['those of a longer document', (side: Uint8Array) => side.with(-1, side.at(-1)! + 1), 'of another document'],
  ])('by a model is decoded with its own boundaries, not with %s', async (_, change, message) => {
    const neural = await makeNeural({ segmentation: 'entropy', segmentationModel: await modelDirectory() });
    const { symbols, side } = await neural.encode(TEXT);
    const changed = change(side!);
    const decoding = async () => neural.decode({ symbols, ...(changed !== undefined && { side: changed }) });
    await expect(decoding()).rejects.toThrowError(message);
  });
});

it('names in its fingerprint all that determines codes', async () => {
  const [table, segmentationModel] = [await tableFile(), await modelDirectory()];
  const variants = [
    {},
    { codebook: await codebookFile('dense') },
    { symbolBits: 6 },
    { codes: 'compact' },
    { segmentation: 'table', entropyTable: table },
    { segmentation: 'table', entropyTable: table, longestSegment: 32 },
    { segmentation: 'table', entropyTable: table, levelQuantile: 0.8 },
    { segmentation: 'entropy', segmentationModel },
    { segmentation: 'entropy', segmentationModel, criterion: 'and' },
    { model: 'any', windowBits: 12 },
    { model: 'any', windowBits: 24 },
    { model: 'any', windowBits: 24, coder: 'lester' },
  ];
  const fingerprints = await Promise.all(variants.map(async (options) => (await makeNeural(options)).fingerprint));
  expect(new Set(fingerprints).size).toBe(variants.length);
  expect((await makeNeural({ lenient: true })).fingerprint).toBe(fingerprints[0]);
});

describe('options', () => {
  it('all have defaults', () => {
    expect(neuralCompressor.options.safeParse({}).success).toBe(true);
  });

  it.each([
    [{ windowBits: 24 }, 'windowBits'],
    [{ portable: true }, 'portable'],
    [{ model: 'm', codebook: 'c' }, 'codebook'],
    [{ model: 'm', codes: 'compact' }, 'codes'],
    [{ entropyTable: 't' }, 'entropyTable'],
    [{ segmentation: 'table', segmentationModel: 'm' }, 'segmentationModel'],
    [{ segmentation: 'entropy' }, 'segmentationModel'],
    [{ longestSegment: 64 }, 'longestSegment'],
    [{ segmentation: 'table', levelQuantile: 1 }, 'levelQuantile'],
    [{ segmentation: 'table', jumpQuantile: 0.1234 }, 'jumpQuantile'],
  ])('refuse what would not be read: %j', (options, field) => {
    const { error } = neuralCompressor.options.safeParse(options);
    expect(error!.issues.map(({ path }) => path)).toEqual([[field]]);
  });

  it.each([
    [{ symbolBits: 5 }, 'symbolBits'],
    [{ symbolBits: 6, codes: 'compact' }, 'codes'],
    [{ coder: 'lester' }, 'coder'],
    [{ model: 'any', coder: 'dense' }, 'coder'],
  ])('that do not fit the codebook or the model are refused: %j', async (options, field) => {
    const creating = makeNeural(options);
    await expect(creating).rejects.toThrowError(ConfigError);
    await expect(creating).rejects.toMatchObject({ location: { field: `compressors.neural.${field}` } });
  });
});

it('encodes pieces that together decode to the whole', async () => {
  const neural = await makeNeural();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), async (pieces) => {
      const symbols = (
        await Promise.all(pieces.map(async (piece) => [...(await neural.encode(piece)).symbols]))
      ).flat();
      const decoded = await neural.decode({ symbols: Uint32Array.from(symbols) });
      return equalBytes(decoded, Buffer.concat(pieces));
    }),
  );
});
