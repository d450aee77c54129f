import { describe, expect, it } from 'vitest';
import { dataOptions } from '../../../src/data/options.js';
import { evaluatedCompression } from '../../../src/evaluation/bpb/representation.js';
import { CompressorError } from '../../../src/support/errors.js';
import { repeatingCompressor } from '../../data/settings.js';
import { shown } from '../shown.js';

const TEXTS = Array.from({ length: 200 }, (_, i) => `text ${i}`);

describe('the evaluated representation', () => {
  const scheduled = dataOptions.parse({
    schedule: {
      warmup: 10,
      steady: 10,
      decay: 0,
      initialRate: 0.4,
      peakRate: 0.9,
      finalRate: 0.9,
      initialMode: 'translation_random',
      steadyMode: 'sentinel',
      finalMode: 'sentinel',
    },
  });

  it('is the mixture of the last step that the checkpoint was trained with', () => {
    expect(evaluatedCompression(scheduled, 10, false)).toEqual({
      mode: 'translation_random',
      rate: expect.closeTo(0.85),
    });
    expect(evaluatedCompression(scheduled, 11, false)).toEqual({ mode: 'sentinel', rate: 0.9 });
    expect(evaluatedCompression(scheduled, 0, false).rate).toBe(0.4);
  });

  it('is raw bytes between sentinels if asked for, without them for a model that has none', () => {
    expect(evaluatedCompression(scheduled, 5, true)).toEqual({ mode: 'sentinel', rate: 0 });
    const vanilla = dataOptions.parse({ mix: 'vanilla', rate: 0.5 });
    expect(evaluatedCompression(vanilla, 5, true)).toEqual({ mode: 'vanilla', rate: 0 });
  });

  it('draws the same for the same seed and position, whatever the documents before', async () => {
    const mixture = { compression: { mode: 'sentinel', rate: 0.5 } } as const;
    const layouts = async (texts: string[], seed = 3) =>
      (await shown(texts, { ...mixture, seed })).map(({ layout }) => layout);
    const drawn = await layouts(TEXTS);
    expect(await layouts(['another', ...TEXTS.slice(1)])).toEqual(drawn);
    expect(await layouts(TEXTS, 4)).not.toEqual(drawn);
    const compressed = drawn.filter((layout) => layout === 'compressed').length;
    expect(compressed).toBeGreaterThan(70);
    expect(compressed).toBeLessThan(130);
  });

  describe('of precomputed codes', () => {
    const compressed = { compression: { mode: 'sentinel', rate: 1 } } as const;
    const symbolsOf = ({ ids }: { ids: Int32Array }) =>
      Buffer.from(ids.subarray(2, -2).map((id) => id - 320)).toString();

    it('is one of those that the record has', async () => {
      const documents = await shown(TEXTS, compressed, { a: 'A', b: 'BB' });
      expect(new Set(documents.map(symbolsOf))).toEqual(new Set(['A', 'BB']));
    });

    it('is refused with its file, line and field where they are not of the compressor', async () => {
      const compressor = { ...repeatingCompressor(), alphabetSize: 66 };
      await expect(shown(['one'], { ...compressed, compressor }, { codes: 'AB' })).rejects.toMatchObject({
        code: 'data',
        location: { file: '/data/a.jsonl', line: 1, field: 'codes' },
      });
      expect(await shown(['one'], { ...compressed, compressor }, { codes: 'AA' })).toHaveLength(1);
    });
  });

  it('names the file and line of a document that the compressor cannot represent', async () => {
    const encode = (bytes: Uint8Array) => {
      if (bytes.length > 1) throw new CompressorError('no code for this');
      return { symbols: new Uint32Array(1) };
    };
    const compressor = { ...repeatingCompressor(), encode };
    const showing = shown(['a', 'bc'], { compression: { mode: 'sentinel', rate: 1 }, compressor });
    await expect(showing).rejects.toMatchObject({ code: 'compressor', location: { file: '/data/a.jsonl', line: 2 } });
  });

  it('names documents by file, position and content', async () => {
    const [first, second] = await shown(['a', 'b']);
    expect(first!.identity).toEqual({ source: 'a.jsonl', index: 0, hash: 'ca978112ca1bbdca', bytes: 1 });
    expect(second!.identity).toMatchObject({ source: 'a.jsonl', index: 1 });
  });
});
