import {
  type Cell,
  type CompressorInspection,
  type Excerpt,
  type Glyph,
  glyphsOf,
  type Inspection,
  shownBytes,
} from '../../inspection/index.js';
import { alignColumns } from './table.js';

export interface InspectionLinesOptions {
  /** Name of the text. */
  source: string;
  colour: boolean;
}

/** Stands where the compressor cut the text. */
const CUT = '┃';

/** How cells are told apart. */
interface Dress {
  /** The glyphs of a cell that lie on one line; `ordinal` counts cells. */
  cell(glyphs: readonly Glyph[], ordinal: number, begins: 'line' | 'cell' | 'segment'): string;
  /** Symbols that complete no byte. */
  empty(text: string): string;
  lineEnd: string;
}

const RESET = '\x1b[0m';
/** Black on cyan and on yellow: readable whatever the terminal's own colours. */
const BACKGROUNDS = ['\x1b[30;46m', '\x1b[30;43m'] as const;

const COLOURED: Dress = {
  cell: (glyphs, ordinal, begins) =>
    (begins === 'segment' ? CUT : '') +
    BACKGROUNDS[ordinal % 2]! +
    glyphs.map(({ kind, text }) => (kind === 'text' ? text : `\x1b[4m${text}\x1b[24m`)).join('') +
    RESET,
  empty: (text) => `\x1b[2m${text}${RESET}`,
  lineEnd: '',
};

const BARS = { line: '', cell: '▏', segment: CUT } as const;

/** Here only their backslash tells escapes from text, so that of a text is written twice. */
const BARRED: Dress = {
  cell: (glyphs, _, begins) =>
    BARS[begins] + glyphs.map(({ kind, text }) => (kind === 'text' ? text.replaceAll('\\', '\\\\') : text)).join(''),
  empty: (text) => `▏${text}`,
  lineEnd: '▏',
};

/** What compressors make of a text, for people. */
export function describeInspection(inspection: Inspection, { source, colour }: InspectionLinesOptions): string[] {
  const { compressors, excerpt, failures } = inspection;
  const dress = colour ? COLOURED : BARRED;
  return [
    ...describeText(inspection, source),
    '',
    ...alignColumns([
      ['COMPRESSOR', 'SYMBOLS', 'BYTES/SYMBOL', 'ALPHABET', 'OF IT USED', 'UNIFORM BITS/BYTE'],
      ...compressors.map(row),
    ]),
    ...compressors.flatMap((each) => ['', heading(each.name, colour), ...describeCells(each, excerpt, dress)]),
    ...(failures.length > 0 ? ['', ...failures.map(({ name, reason }) => `${name} is left out: ${reason}`)] : []),
  ];
}

function describeText({ bytes, documents, excerpt: { start, end } }: Inspection, source: string): string[] {
  const number = (value: number): string => value.toLocaleString('en');
  const shown =
    end - start < bytes ? `; shown are bytes ${number(start)} to ${number(end)}, --bytes START:END shows others` : '';
  return [
    `${source}: ${number(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}${shown}`,
    ...(documents > 1 ? [`It is encoded as ${number(documents)} documents, each by itself.`] : []),
  ];
}

function row({ name, statistics }: CompressorInspection): string[] {
  const { symbols, bytesPerSymbol, alphabetSize, distinctSymbols, uniformBitsPerByte } = statistics;
  return [
    name,
    symbols.toLocaleString('en'),
    bytesPerSymbol?.toFixed(3) ?? '–',
    alphabetSize.toLocaleString('en'),
    distinctSymbols.toLocaleString('en'),
    uniformBitsPerByte?.toFixed(3) ?? '–',
  ];
}

const heading = (name: string, colour: boolean): string => (colour ? `\x1b[1m${name}${RESET}` : `${name}:`);

function describeCells(
  { cells, firstSymbols, statistics }: CompressorInspection,
  excerpt: Excerpt,
  dress: Dress,
): string[] {
  if (cells !== null) return drawCells(cells, excerpt, dress);
  const more = statistics.symbols > firstSymbols.length ? ' …' : '';
  return ['It does not say which bytes its symbols cover. The first symbols:', `${firstSymbols.join(' ')}${more}`];
}

function drawCells(cells: readonly Cell[], excerpt: Excerpt, dress: Dress): string[] {
  const lines = [''];
  const append = (text: string): void => {
    lines[lines.length - 1] += text;
  };
  let ordinal = 0;
  for (const cell of cells) {
    if (cell.byteStart === cell.byteEnd) {
      append(dress.empty(`‹${cell.symbols.length}›`));
      continue;
    }
    for (const [index, glyphs] of byLine(glyphsOf(shownBytes(cell, excerpt))).entries()) {
      append(dress.cell(glyphs, ordinal, index > 0 ? 'line' : cell.afterCut === true ? 'segment' : 'cell'));
      if (glyphs.at(-1)?.kind === 'line-end') lines.push('');
    }
    ordinal++;
  }
  if (lines.at(-1) === '') lines.pop();
  else append(dress.lineEnd);
  return lines;
}

/** Glyphs divided behind those that end a line. */
function byLine(glyphs: readonly Glyph[]): Glyph[][] {
  const lines: Glyph[][] = [[]];
  for (const [index, glyph] of glyphs.entries()) {
    lines.at(-1)!.push(glyph);
    if (glyph.kind === 'line-end' && index < glyphs.length - 1) lines.push([]);
  }
  return lines;
}
