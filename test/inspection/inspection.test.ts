import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cell, type Inspection, inspect, type NamedCompressor } from '../../src/inspection/index.js';
import { CompressorError, PluginError } from '../../src/support/errors.js';
import { builtIn, bytesOf, documents, oddCompressor } from './compressors.js';

interface Wanted {
  start?: number;
  end?: number;
  onFailure?: 'throw' | 'leave-out';
}

async function inspectTexts(
  texts: readonly string[],
  compressors: readonly NamedCompressor[],
  { start = 0, end = 4096, onFailure = 'throw' }: Wanted = {},
): Promise<Inspection> {
  return inspect(documents(...texts), compressors, { range: { start, end }, onFailure });
}

async function cellsOf(name: string, texts: readonly string[], wanted: Wanted = {}): Promise<Cell[]> {
  return (await inspectTexts(texts, [await builtIn(name)], wanted)).compressors[0]!.cells!;
}

describe('statistics', () => {
  it('are about all of the text, whatever is shown', async () => {
    const inspection = await inspectTexts(['ABC', 'A'], [await builtIn('halfbyte')], { end: 1 });
    expect(inspection).toMatchObject({ bytes: 4, documents: 2, excerpt: { start: 0, end: 1, bytes: bytesOf('A') } });
    // 0x41 0x42 0x43 0x41: eight halves, of which 1, 2, 3 and 4 occur; one of 16 costs 4 bits, two of them make a byte.
    expect(inspection.compressors[0]!.statistics).toEqual({
      bytes: 4,
      symbols: 8,
      bytesPerSymbol: 0.5,
      alphabetSize: 16,
      distinctSymbols: 4,
      uniformBitsPerByte: 8,
    });
  });

  it('have no ratios for an empty text', async () => {
    const { compressors } = await inspectTexts([''], [await builtIn('bit'), await builtIn('gzip')]);
    expect(compressors[0]!.statistics).toMatchObject({ symbols: 0, bytesPerSymbol: null, uniformBitsPerByte: null });
    expect(compressors[1]!.statistics).toMatchObject({ symbols: 20, bytesPerSymbol: 0, uniformBitsPerByte: null });
  });

  it('count the symbols of an alphabet too large for a table', async () => {
    const huge = oddCompressor('huge', {
      alphabetSize: 2 ** 32,
      encode: (bytes) => ({ symbols: Uint32Array.from(bytes, (byte) => 2 ** 32 - byte) }),
    });
    const { compressors } = await inspectTexts(['abcab'], [huge]);
    expect(compressors[0]!.statistics).toMatchObject({ distinctSymbols: 3, uniformBitsPerByte: 32 });
  });
});

describe('cells', () => {
  it('join the symbols that share a range', async () => {
    expect(await cellsOf('halfbyte', ['AB'])).toEqual([
      { byteStart: 0, byteEnd: 1, symbolIndex: 0, symbols: [4, 1] },
      { byteStart: 1, byteEnd: 2, symbolIndex: 2, symbols: [4, 2] },
    ]);
  });

  it('go on through the documents of a text', async () => {
    expect(await cellsOf('doublebyte', ['ABC', 'DE'])).toEqual([
      { byteStart: 0, byteEnd: 2, symbolIndex: 0, symbols: [0x4142] },
      { byteStart: 2, byteEnd: 3, symbolIndex: 1, symbols: [0x4300] },
      { byteStart: 3, byteEnd: 5, symbolIndex: 2, symbols: [0x4445] },
    ]);
  });

  it('are those that reach into the excerpt, with all of their symbols and their own range', async () => {
    const ranges = async (start: number, end: number) =>
      (await cellsOf('doublebyte', ['ABCDEFGH'], { start, end })).map(({ byteStart, byteEnd }) => [byteStart, byteEnd]);
    expect(await ranges(3, 5)).toEqual([
      [2, 4],
      [4, 6],
    ]);
    expect(await ranges(4, 6)).toEqual([[4, 6]]);
    expect(await ranges(7, 100)).toEqual([[6, 8]]);
    expect(await ranges(9, 100)).toEqual([]);
  });

  it('of symbols that complete no byte are shown with the byte that follows, and at the end', async () => {
    const all = await cellsOf('gzip', ['abc']);
    // Ten bytes of header and the first of the block end no letter; nine at the end hold the block's end and the checksum.
    expect(all.map(({ byteStart, byteEnd, symbols }) => [byteStart, byteEnd, symbols.length])).toEqual([
      [0, 0, 11],
      [0, 1, 1],
      [1, 2, 1],
      [2, 3, 1],
      [3, 3, 9],
    ]);
    expect(await cellsOf('gzip', ['abc'], { start: 1, end: 2 })).toEqual([all[2]]);
    expect(await cellsOf('gzip', ['abc'], { start: 2, end: 3 })).toEqual(all.slice(3));
  });

  it('of any range hold the symbols that all cells hold there', async () => {
    const text = 'for (const cell of cells) cells.push(cell);\n'.repeat(5);
    const all = await cellsOf('gzip', [text]);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(text.length), async (a, b) => {
        fc.pre(a !== b);
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const within = all.filter(({ byteStart, byteEnd }) =>
          byteEnd > byteStart
            ? byteEnd > start && byteStart < end
            : byteStart >= start && (byteStart < end || end === text.length),
        );
        expect(await cellsOf('gzip', [text], { start, end })).toEqual(within);
      }),
      { numRuns: 50 },
    );
  });

  it('are absent where a compressor does not say what its symbols cover: then its first symbols are given', async () => {
    const { compressors } = await inspectTexts(['a'.repeat(100)], [oddCompressor('plain', {})]);
    expect(compressors[0]).toMatchObject({ cells: null, firstSymbols: new Array(64).fill(97) });
  });

  it('are made from no more segments than are needed', async () => {
    let made = 0;
    const counting = oddCompressor('counting', {
      *segments(bytes) {
        for (const [byteStart, symbol] of bytes.entries()) {
          made++;
          yield { symbol, byteStart, byteEnd: byteStart + 1 };
        }
      },
    });
    await inspectTexts(['a'.repeat(10_000)], [counting], { end: 10 });
    expect(made).toBe(11);
  });
});

describe('a compressor that fails', () => {
  const refusing = oddCompressor('refusing', {
    encode() {
      throw new CompressorError('letters only', { field: 'text', hint: 'Leave it out.' });
    },
  });

  it('ends the inspection', async () => {
    await expect(inspectTexts(['abc'], [refusing])).rejects.toThrow(CompressorError);
  });

  it('or is left out, with the reason, and the others are shown', async () => {
    const compressors = [refusing, await builtIn('bit')];
    const inspection = await inspectTexts(['abc', 'def'], compressors, { onFailure: 'leave-out' });
    expect(inspection.failures).toEqual([{ name: 'refusing', reason: 'letters only (field text). Leave it out.' }]);
    expect(inspection.compressors.map(({ name, statistics }) => [name, statistics.symbols])).toEqual([['bit', 48]]);
  });

  it.each([
    [
      'leaves bytes out',
      [
        [0, 1],
        [2, 3],
      ],
      'bytes 2 to 3 of 3, after 0 to 1',
    ],
    [
      'covers bytes twice',
      [
        [0, 2],
        [1, 3],
      ],
      'bytes 1 to 3 of 3, after 0 to 2',
    ],
    ['goes beyond the text', [[0, 4]], 'bytes 0 to 4 of 3'],
    ['ends before the text', [[0, 2]], 'end at byte 2 of 3'],
  ])('is named as broken if it %s', async (_, ranges, message) => {
    const broken = oddCompressor('broken', {
      segments: () => ranges.map(([byteStart, byteEnd]) => ({ symbol: 0, byteStart: byteStart!, byteEnd: byteEnd! })),
    });
    await expect(inspectTexts(['abc'], [broken])).rejects.toThrow(PluginError);
    await expect(inspectTexts(['abc'], [broken])).rejects.toThrow(message);
  });

  it.each([
    ['a symbol outside its alphabet', Uint32Array.of(1, 300), 'symbol 300 is outside its alphabet of 256'],
    ['no Uint32Array', [1, 2] as unknown as Uint32Array, 'no Uint32Array'],
  ])('is named as broken if it gives %s', async (_, symbols, message) => {
    const broken = oddCompressor('broken', { encode: () => ({ symbols }) });
    await expect(inspectTexts(['abc'], [broken])).rejects.toThrow(PluginError);
    await expect(inspectTexts(['abc'], [broken])).rejects.toThrow(message);
  });
});

it('stops when it is told to', async () => {
  const stop = new AbortController();
  const stopping = oddCompressor('stopping', {
    encode(bytes) {
      stop.abort(new Error('enough'));
      return { symbols: new Uint32Array(bytes) };
    },
  });
  const options = { range: { start: 0, end: 10 }, signal: stop.signal, onFailure: 'leave-out' } as const;
  await expect(inspect(documents('a', 'b'), [stopping], options)).rejects.toThrow('enough');
});
