import { describe, expect, it } from 'vitest';
import { bpeCompressor } from '../../../compressors/bpe/index.js';
import { tokenBytesCompressor } from '../../../compressors/token-bytes/index.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { Compressor } from '../../../src/plugins/contracts.js';
import { CompressorError } from '../../../src/support/errors.js';
import { grayCodes } from '../../../src/tokenizers/byte-converters.js';
import { loadTokenizer } from '../../../src/tokenizers/index.js';
import { behavesLikeACodec, coversBytesBySymbols, DOCUMENTS } from '../codec-specification.js';

const context = pluginContext('/nonexistent', () => {});
const make = (options: object = {}) =>
  tokenBytesCompressor.create(tokenBytesCompressor.options.parse(options), context);
let bpe: Promise<Compressor> | undefined;
async function idsOf(bytes: Uint8Array): Promise<Uint32Array> {
  bpe ??= bpeCompressor.create(bpeCompressor.options.parse({}), context);
  return (await (await bpe).encode(bytes)).symbols;
}

const VARIANTS = [
  { converter: 'simple', symbolBits: 8 },
  { converter: 'gray', symbolBits: 8 },
  { converter: 'simple', symbolBits: 16 },
  { converter: 'gray', symbolBits: 16 },
] as const;

describe.each(VARIANTS)('token-bytes, $converter, $symbolBits bits', (variant) => {
  behavesLikeACodec(() => make({ ...variant, unrepresentable: 'bytes' }));
  coversBytesBySymbols(() => make({ ...variant, unrepresentable: 'bytes' }));

  it('has two bytes for every token of a vocabulary of 65,536', async () => {
    const codec = await make(variant);
    for (const document of DOCUMENTS) {
      const ids = await idsOf(document);
      const { symbols } = await codec.encode(document);
      expect(symbols).toHaveLength((ids.length * 16) / variant.symbolBits);
    }
  });

  it('says of each symbol which bytes its token stands for', async () => {
    const codec = await make(variant);
    for (const document of DOCUMENTS) {
      const segments = [...(await codec.segments!(document))];
      expect(segments.map(({ symbol }) => symbol)).toEqual([...(await codec.encode(document)).symbols]);
      const perToken = 16 / variant.symbolBits;
      const starts = segments.filter((_, index) => index % perToken === 0);
      expect(starts.map(({ byteStart }) => byteStart)).toEqual(
        [0, ...starts.slice(0, -1).map(({ byteEnd }) => byteEnd)].slice(0, starts.length),
      );
      expect(segments.at(-1)?.byteEnd ?? 0).toBe(document.length);
    }
  });
});

it('writes simple ids big-endian', async () => {
  const document = DOCUMENTS.find(({ length }) => length > 10)!;
  const { symbols } = await (await make()).encode(document);
  const ids = await idsOf(document);
  expect([...symbols]).toEqual([...ids].flatMap((id) => [id >> 8, id & 255]));
});

it('writes the Gray code of the rank as a symbol of 16 bits', async () => {
  const [codes] = grayCodes(await loadTokenizer('artifacts/tokenizers/code-65k'));
  const document = DOCUMENTS.find(({ length }) => length > 10)!;
  const { symbols } = await (await make({ converter: 'gray', symbolBits: 16 })).encode(document);
  expect([...symbols]).toEqual([...(await idsOf(document))].map((id) => codes[id]!));
});

it('keeps the codes of its variants in fields of their own, under fingerprints of their own', async () => {
  const made = await Promise.all(VARIANTS.map(make));
  expect(new Set(made.map(({ field }) => field.name)).size).toBe(VARIANTS.length);
  expect(new Set(made.map(({ fingerprint }) => fingerprint)).size).toBe(VARIANTS.length);
});

it('refuses symbols beyond its alphabet, and an end within a token', async () => {
  const codec = await make();
  expect(() => codec.decode({ symbols: Uint32Array.of(256, 0) })).toThrowError(CompressorError);
  expect(() => codec.decode({ symbols: Uint32Array.of(1) })).toThrowError(/end within a token/);
});
