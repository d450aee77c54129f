import { describe, expect, it } from 'vitest';
import { instantiateCompressor } from '../../src/plugins/compressor-instance.js';
import { CompressorError } from '../../src/support/errors.js';
import { behavesLikeACodec } from '../compressors/codec-specification.js';

const make = (maxRun = 256) =>
  instantiateCompressor({
    entryUrl: new URL('../../examples/compressor-rle/index.js', import.meta.url).href,
    name: 'rle',
    options: { maxRun },
    artifactsDirectory: '/artifacts',
  });

describe('the example compressor', () => {
  behavesLikeACodec(make);

  it('joins runs of up to maxRun bytes', async () => {
    const { symbols } = await (await make(3)).encode(Buffer.from('aaaab'));
    expect([...symbols]).toEqual([97, 257, 97, 98]);
  });

  it.each([
    ['a run longer than maxRun', [97, 258], 'above 257'],
    ['a run of nothing', [256], 'repeats no byte'],
    ['two runs of one byte', [97, 256, 256], 'repeats no byte'],
  ])('refuses %s', async (_, symbols, message) => {
    const compressor = await make(3);
    const decoding = async () => compressor.decode({ symbols: Uint32Array.from(symbols) });
    await expect(decoding).rejects.toThrow(CompressorError);
    await expect(decoding).rejects.toThrow(message);
  });
});
