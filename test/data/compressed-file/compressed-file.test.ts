import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symbolCodec } from '../../../src/data/compressed-file/block-codec.js';
import { compressed } from '../../../src/data/compressed-file/compress.js';
import { openCompressed } from '../../../src/data/compressed-file/decompress.js';
import { CompressorError, DataError } from '../../../src/support/errors.js';
import { VarintWriter } from '../../../src/support/varints.js';
import { oddCompressor } from '../../inspection/compressors.js';
import { builtInCodec, compressBytes, decompressBytes, gathered, inChunks } from './files.js';
import { readMutatedContainers } from './mutated-files.js';

const TEXT = Buffer.from('The quick brown fox jumps over the lazy dog.\n'.repeat(100));
/** Bytes before the first block: magic, version, length, header, checksum. */
const headerEnd = (file: Buffer): number => 16 + file.readUInt32LE(12) + 4;

const odd = (changes: Parameters<typeof oddCompressor>[1]) =>
  symbolCodec('odd', oddCompressor('odd', changes).compressor, 1000);

describe('a compressed file', () => {
  it.each(['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte'])('gives back any bytes: %s', async (name) => {
    const codec = await builtInCodec(name, 100);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc.tuple(fc.uint8Array({ maxLength: 8 }), fc.nat(80)).map(([piece, times]) => repeated(piece, times)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 90 }), async (text, chunk) => {
        const { bytes: file } = await compressBytes(text, codec);
        expect((await decompressBytes(file, codec, chunk)).bytes).toEqual(Buffer.from(text));
      }),
      { numRuns: 25 },
    );
  });

  it('cuts the text into blocks behind lines, each of them shorter than its text', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes, totals } = await compressBytes(TEXT, codec);
    // 1000 bytes hold 22 lines of 45.
    expect(totals).toEqual({ textBytes: 4500, fileBytes: bytes.length, blocks: 5, stored: 0, refused: 0 });
    expect((await decompressBytes(bytes, codec)).totals).toEqual({
      textBytes: 4500,
      fileBytes: bytes.length,
      blocks: 5,
    });
    expect(bytes.length).toBeLessThan(1000);
  });

  it('stores blocks that no code makes shorter, and those that the compressor refuses', async () => {
    const same = await compressBytes(TEXT, odd({}));
    expect(same.totals).toMatchObject({ blocks: 5, stored: 5, refused: 0 });
    const refusing = odd({
      encode: () => {
        throw new CompressorError('no text');
      },
    });
    const { bytes, totals } = await compressBytes(TEXT, refusing);
    expect(totals).toMatchObject({ blocks: 5, stored: 5, refused: 5 });
    expect((await decompressBytes(bytes, refusing)).bytes).toEqual(TEXT);
  });

  it('keeps side data with the symbols', async () => {
    const codec = odd({
      encode: (bytes) => ({ symbols: Uint32Array.of(bytes.length % 256), side: Uint8Array.of(7, bytes.length >> 8) }),
      decode: ({ symbols, side }) => TEXT.subarray(0, symbols[0]! + 256 * side![1]!),
    });
    const text = TEXT.subarray(0, 900);
    expect((await decompressBytes((await compressBytes(text, codec)).bytes, codec)).bytes).toEqual(text);
  });

  it('says what it holds', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT, codec);
    const { header } = await openCompressed(inChunks(bytes, 10), 'a.pcz');
    const { fingerprint } = codec;
    expect(header).toEqual({ coder: 'symbols', compressor: 'test', fingerprint, options: {}, name: 'a.txt' });
  });

  it('of nothing has no blocks', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes, totals } = await compressBytes(new Uint8Array(0), codec);
    expect(totals).toMatchObject({ textBytes: 0, blocks: 0 });
    expect((await decompressBytes(bytes, codec)).bytes).toEqual(Buffer.alloc(0));
  });

  it('stops between blocks when it is asked to', async () => {
    const codec = await builtInCodec('gzip');
    const stop = new AbortController();
    const header = { coder: 'symbols', compressor: 'gzip', options: {}, name: null } as const;
    const progress = () => stop.abort(new Error('enough'));
    const writing = compressed({ chunks: [TEXT], codec, header, signal: stop.signal, progress });
    await expect(gathered(writing)).rejects.toThrow('enough');
  });
});

describe('a damaged file', () => {
  it('is refused wherever a byte of it is changed', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT.subarray(0, 1200), codec);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      await expect(decompressBytes(changed, codec)).rejects.toThrow(DataError);
    }
  });

  it('is refused wherever it is cut, naming the offset', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT.subarray(0, 1200), codec);
    for (let at = 8; at < bytes.length; at++)
      await expect(decompressBytes(bytes.subarray(0, at), codec)).rejects.toThrow(
        `the file ends at byte ${at}, within`,
      );
  });

  it('names the block and its offset', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT, codec);
    const second = headerEnd(bytes) + 21 + bytes.readUInt32LE(headerEnd(bytes) + 5);
    bytes[second + 30]! ^= 1;
    await expect(decompressBytes(bytes, codec)).rejects.toThrow(`block 2 at byte ${second} is damaged`);
  });

  it('is told from a file of another kind, of a later version, and from two joined files', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT, codec);
    await expect(decompressBytes(TEXT, codec)).rejects.toThrow('this is no file of `pc compress`');
    await expect(decompressBytes(Buffer.of(0x1f, 0x8b, 8, 0), codec)).rejects.toMatchObject({
      hint: 'It looks like gzip: use `gunzip`.',
    });
    const later = Buffer.from(bytes);
    later[8] = 2;
    await expect(decompressBytes(later, codec)).rejects.toThrow('its format is version 2, and this pc reads up to 1');
    const joined = Buffer.concat([bytes, bytes]);
    await expect(decompressBytes(joined, codec)).rejects.toThrow(`something follows the end at byte ${bytes.length}`);
  });

  it('without some of its blocks is refused at its end', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT, codec);
    const start = headerEnd(bytes);
    const end = start + 21 + bytes.readUInt32LE(start + 5);
    const without = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    await expect(decompressBytes(without, codec)).rejects.toThrow(
      'it has 4 of 5 blocks, or not those that were written',
    );
  });

  it('is let go of wherever reading stops', async () => {
    const codec = await builtInCodec('gzip');
    const { bytes } = await compressBytes(TEXT, codec);
    const broken = Buffer.from(bytes);
    broken[headerEnd(bytes) + 30]! ^= 1;
    for (const [file, failure] of [
      [bytes, null],
      [broken, 'block 1 at byte'],
      [TEXT, 'this is no file'],
    ] as const) {
      let open = true;
      const chunks = async function* () {
        try {
          yield* inChunks(file, 50);
        } finally {
          open = false;
        }
      };
      const reading = openCompressed(chunks(), 'a.pcz').then((opened) => gathered(opened.text(codec)));
      if (failure === null) await reading;
      else await expect(reading).rejects.toThrow(failure);
      expect(open).toBe(false);
    }
  });

  it('claims no more symbols than a text has, where they take no room', async () => {
    const lengths = new VarintWriter();
    for (const length of [2 ** 31, 0]) lengths.push(length);
    const none = symbolCodec('one', oddCompressor('one', { alphabetSize: 1 }).compressor, 1000);
    await expect(none.decode(lengths.take(), 1000)).rejects.toThrow('2147483648 symbols are more than any text has');
  });

  it('is told from a compressor that does not give back its input', async () => {
    const codec = odd({ encode: () => ({ symbols: new Uint32Array(1) }), decode: () => new Uint8Array(5) });
    const { bytes } = await compressBytes(TEXT, codec);
    await expect(decompressBytes(bytes, codec)).rejects.toThrow('decodes to another text than was compressed');
  });

  it('is read correctly or refused by a typed error after any of 150 mutations', async () => {
    const { read, refused } = await readMutatedContainers(150);
    expect(read + refused).toBe(150);
    expect(refused).toBeGreaterThan(110);
  });
});

function repeated(piece: Uint8Array, times: number): Buffer {
  return Buffer.concat(new Array<Uint8Array>(times).fill(piece));
}
