import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeInspection } from '../../../src/commands/shell/inspection-lines.js';
import { inspect } from '../../../src/inspection/index.js';
import { builtIn, documents, oddCompressor } from '../../inspection/compressors.js';

interface Drawing {
  compressor?: string;
  end?: number;
  colour?: boolean;
}

async function linesOf(text: string, { compressor = 'doublebyte', end = 4096, colour = false }: Drawing = {}) {
  const inspection = await inspect(documents(text), [await builtIn(compressor)], {
    range: { start: 0, end },
    onFailure: 'throw',
  });
  return describeInspection(inspection, { source: 'the text', colour });
}

/** The lines below the heading of the only compressor. */
async function drawn(text: string, drawing: Drawing = {}): Promise<string[]> {
  const { compressor = 'doublebyte', colour = false } = drawing;
  const lines = await linesOf(text, drawing);
  return lines.slice(lines.indexOf(colour ? `\x1b[1m${compressor}\x1b[0m` : `${compressor}:`) + 1);
}

describe('an inspection without colours', () => {
  it('has a bar before each cell, and goes to the next line where the text does', async () => {
    expect(await drawn('abc\ndef')).toEqual(['▏ab▏c\\n', '▏de▏f▏']);
    expect(await drawn('abc\n')).toEqual(['▏ab▏c\\n']);
  });

  it('continues a cell behind a line end without a bar', async () => {
    expect(await drawn('\na\n\n')).toEqual(['▏\\n', 'a▏\\n', '\\n']);
  });

  it('has a heavy bar where the compressor cuts the text', async () => {
    const cutting = oddCompressor('cutting', {
      segments: () => [
        { symbol: 97, byteStart: 0, byteEnd: 1 },
        { symbol: 98, byteStart: 1, byteEnd: 2, afterCut: true },
        { symbol: 99, byteStart: 2, byteEnd: 3 },
      ],
    });
    const range = { start: 0, end: 3 };
    const inspection = await inspect(documents('abc'), [cutting], { range, onFailure: 'throw' });
    expect(describeInspection(inspection, { source: 'the text', colour: false }).at(-1)).toBe('▏a┃b▏c▏');
    const coloured = describeInspection(inspection, { source: 'the text', colour: true }).at(-1)!;
    expect(stripVTControlCharacters(coloured)).toBe('a┃bc');
  });

  it('tells a backslash from an escape', async () => {
    expect(await drawn('\\n\n\0')).toEqual(['▏\\\\n▏\\n', '\\x00▏']);
  });

  it('counts symbols that complete no byte', async () => {
    expect(await drawn('ab', { compressor: 'gzip' })).toEqual(['▏‹11›▏a▏b▏‹9›▏']);
  });

  it('says how much is shown', async () => {
    expect((await linesOf('abcd'))[0]).toBe('the text: 4 bytes');
    expect((await linesOf('abcd', { end: 2 }))[0]).toContain('4 bytes; shown are bytes 0 to 2');
    expect(await drawn('abcd', { end: 3 })).toEqual(['▏ab▏c▏']);
  });

  it('has a table of statistics', async () => {
    const [, , head, row] = await linesOf('abcd');
    expect(head!.split(/ {2,}/)).toEqual([
      'COMPRESSOR',
      'SYMBOLS',
      'BYTES/SYMBOL',
      'ALPHABET',
      'OF IT USED',
      'UNIFORM BITS/BYTE',
    ]);
    expect(row!.split(/ {2,}/)).toEqual(['doublebyte', '2', '2.000', '65,536', '2', '8.000']);
  });

  it('lists symbols where their bytes are not known, and names what is left out', async () => {
    const refusing = oddCompressor('refusing', {
      encode() {
        throw new Error('not today');
      },
    });
    const inspection = await inspect(documents('abc'), [oddCompressor('plain', {}), refusing], {
      range: { start: 0, end: 10 },
      onFailure: 'leave-out',
    });
    const lines = describeInspection(inspection, { source: 'the text', colour: false });
    expect(lines).toContain('97 98 99');
    expect(lines.at(-1)).toBe('refusing is left out: the compressor "refusing" failed: not today');
  });
});

describe('an inspection in colours', () => {
  it('alternates between two of them, underlines escapes, and colours nothing beyond a line end', async () => {
    const [a, b] = ['\x1b[30;46m', '\x1b[30;43m'];
    expect(await drawn('ab\nc', { colour: true })).toEqual([
      `${a}ab\x1b[0m${b}\x1b[4m\\n\x1b[24m\x1b[0m`,
      `${b}c\x1b[0m`,
    ]);
  });
});
