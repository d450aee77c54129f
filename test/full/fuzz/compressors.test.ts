import fc from 'fast-check';
import { describe, it } from 'vitest';
import { instantiateCompressor } from '../../../src/plugins/compressor-instance.js';
import type { Compressor } from '../../../src/plugins/contracts.js';
import { builtinRegistry } from '../../../src/plugins/discovery.js';
import { CompressorError } from '../../../src/support/errors.js';
import { equalBytes } from '../../compressors/codec-specification.js';

const registry = builtinRegistry('/artifacts');
const RUNS = 30_000;

/** The built-in ones, and the example of a third party's. */
const make = (name: string): Promise<Compressor> =>
  name === 'lzw'
    ? instantiateCompressor({
        entryUrl: new URL('../../../examples/compressor-lzw/index.js', import.meta.url).href,
        name,
        // So small that it is full, and begun anew, within these documents.
        options: { maxBits: 10 },
        artifactsDirectory: '/artifacts',
      })
    : registry.createCompressor(name, OPTIONS[name]);

/** Bytes of all kinds: uniform ones, text, long runs, and pieces that come again, up to some 20 kB. */
const documents: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.uint8Array({ maxLength: 500 }),
        fc.string({ unit: 'grapheme' }).map((text) => new TextEncoder().encode(text)),
      ),
      fc.integer({ min: 1, max: 10 }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => Buffer.concat(pieces.flatMap(([piece, times]) => new Array<Uint8Array>(times).fill(piece))));

/** Compressors of text are told to write other bytes too. */
const OPTIONS: Readonly<Record<string, object>> = {
  bpe: { unrepresentable: 'bytes' },
  'token-bytes': { unrepresentable: 'bytes', converter: 'gray' },
};

describe.each(['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte', 'bpe', 'token-bytes', 'lzw'])('%s', (name) => {
  it('gives back any bytes, also by way of a record', async () => {
    const compressor = await make(name);
    await fc.assert(
      fc.asyncProperty(documents, async (bytes) => {
        const encoded = await compressor.encode(bytes);
        const stored = compressor.field.read(compressor.field.write(encoded));
        return (
          equalBytes(await compressor.decode(encoded), bytes) && equalBytes(await compressor.decode(stored), bytes)
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('decodes damaged symbols to something, or refuses them by a CompressorError', async () => {
    const compressor = await make(name);
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 70_000 })), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(documents, damage, fc.nat(), async (bytes, changes, cut) => {
        const { symbols, side } = await compressor.encode(bytes);
        const damaged = symbols.slice(0, symbols.length - (cut % 3));
        for (const [position, symbol] of changes) if (damaged.length > 0) damaged[position % damaged.length] = symbol;
        try {
          await compressor.decode({ symbols: damaged, ...(side && { side }) });
        } catch (error) {
          if (!(error instanceof CompressorError)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });
});
