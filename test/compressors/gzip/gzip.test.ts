import { constants, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipCompressor } from '../../../compressors/gzip/index.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { Compressor } from '../../../src/plugins/contracts.js';
import { CompressorError } from '../../../src/support/errors.js';
import goldens from '../../fixtures/data_pipeline.json' with { type: 'json' };
import {
  behavesLikeACodec,
  coversBytesBySymbols,
  DOCUMENTS,
  equalBytes,
  largeDocument,
} from '../codec-specification.js';

const context = pluginContext('/nonexistent', () => {});
const make = (options: object = {}): Promise<Compressor> =>
  gzipCompressor.create(gzipCompressor.options.parse(options), context);

const TEXT = new TextEncoder().encode('def f(x):\n    return x + 1\n'.repeat(50));

describe.each(['pako', 'native'])('gzip, engine %s', (engine) => {
  behavesLikeACodec(() => make({ engine }));
  coversBytesBySymbols(() => make({ engine }));

  it.each(goldens.gzip_no_mtime_base64.map((base64, index) => ({ base64, index })))(
    'compresses document $index to what the reference decompresses to the same',
    async ({ base64, index }) => {
      const { symbols } = await (await make({ engine })).encode(DOCUMENTS[index]!);
      expect(gunzipSync(Uint8Array.from(symbols))).toEqual(gunzipSync(Buffer.from(base64, 'base64')));
    },
  );

  it('writes a header without a time and with one OS byte for all machines', async () => {
    const { symbols } = await (await make({ engine })).encode(TEXT);
    expect([...symbols.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]);
  });

  it('compresses better at a higher level', async () => {
    const stored = await (await make({ engine, level: 0 })).encode(TEXT);
    const smallest = await (await make({ engine, level: 9 })).encode(TEXT);
    expect(stored.symbols.length).toBeGreaterThan(TEXT.length);
    expect(smallest.symbols.length).toBeLessThan(TEXT.length / 10);
  });

  it('takes a document of 50 MB', async () => {
    const codec = await make({ engine, level: 1 });
    const bytes = largeDocument();
    const encoded = await codec.encode(bytes);
    expect(equalBytes(await codec.decode(encoded), bytes)).toBe(true);
  });
});

describe('gzip', () => {
  it.each([0, 1, 6, 9])('writes the same bytes whatever it compressed before, at level %i', async (level) => {
    const used = await make({ level });
    const noise = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
    for (const document of [TEXT, noise, new Uint8Array(3e6), noise.subarray(7), TEXT, new Uint8Array(0)]) {
      const [member, fresh] = [await used.encode(document), await (await make({ level })).encode(document)];
      const bytes = Uint8Array.from(member.symbols);
      expect(equalBytes(bytes, Uint8Array.from(fresh.symbols))).toBe(true);
      expect(equalBytes(gunzipSync(bytes), document)).toBe(true);
    }
  });

  it('writes the very bytes of unmodified zlib by default', async () => {
    const codec = await make();
    for (const [index, document] of DOCUMENTS.entries()) {
      const { symbols } = await codec.encode(document);
      expect(Buffer.from(Uint8Array.from(symbols)).toString('base64')).toBe(goldens.gzip_no_mtime_base64[index]);
    }
  });

  it('gives each symbol the bytes that zlib can first write when it has read that far', async () => {
    const codec = await make();
    const bytes = DOCUMENTS.reduce((longest, document) => (document.length > longest.length ? document : longest));
    const member = Uint8Array.from((await codec.encode(bytes)).symbols);
    const readable = (count: number): number =>
      gunzipSync(member.subarray(0, count), { finishFlush: constants.Z_SYNC_FLUSH }).length;
    const segments = [...(await codec.segments!(bytes))];
    for (const [index, { byteEnd }] of segments.entries()) expect(byteEnd, `symbol ${index}`).toBe(readable(index + 1));
  });

  it('names in its fingerprint what determines the bytes', async () => {
    expect((await make()).fingerprint).toBe('gzip:zlib-canonical:level=9');
    expect((await make({ level: 1 })).fingerprint).toBe('gzip:zlib-canonical:level=1');
    expect((await make({ engine: 'native' })).fingerprint).toBe(`gzip:zlib-${process.versions.zlib}:level=9`);
  });

  it.each([
    ['a symbol that is no byte', Uint32Array.of(0x1f, 256), 'symbol 256 at position 1'],
    ['no symbols', new Uint32Array(0), 'no gzip data'],
    ['symbols of another format', Uint32Array.of(1, 2, 3), 'no gzip data'],
  ])('refuses %s', async (_, symbols, message) => {
    const codec = await make();
    const decoding = async () => codec.decode({ symbols });
    await expect(decoding).rejects.toThrow(CompressorError);
    await expect(decoding).rejects.toThrow(message);
  });

  it('refuses truncated data, data with a flipped bit, and data with something after it', async () => {
    const codec = await make();
    const { symbols } = await codec.encode(TEXT);
    const flipped = symbols.slice();
    flipped[20] = flipped[20]! ^ 4;
    for (const damaged of [symbols.slice(0, -1), flipped, Uint32Array.from([...symbols, 0])])
      await expect(async () => codec.decode({ symbols: damaged })).rejects.toThrow(CompressorError);
  });

  it('refuses a level out of range and an unknown option', () => {
    expect(gzipCompressor.options.safeParse({ level: 10 }).success).toBe(false);
    expect(gzipCompressor.options.safeParse({ levle: 9 }).success).toBe(false);
  });
});
