import { createHash } from 'node:crypto';
import {
  type Cell,
  type CodeStatistics,
  type CompressorInspection,
  type Excerpt,
  type Glyph,
  glyphsOf,
  type Inspection,
  shownBytes,
} from '../../inspection/index.js';
import { fixed } from '../format.js';
import { type Html, html, trusted } from '../html.js';
import { STYLE } from '../style.js';
import { SCRIPT } from './script.js';
import { INSPECTION_STYLE } from './style.js';

export interface InspectionPageOptions {
  /** Name of the text. */
  source: string;
  /** Program and version. */
  madeBy: string;
}

const PAGE_STYLE = STYLE + INSPECTION_STYLE;

/** The page itself forbids whatever is not in it. */
const POLICY = [
  "default-src 'none'",
  `style-src ${sourceHash(PAGE_STYLE)}`,
  `script-src ${sourceHash(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** What compressors make of a text, side by side: one HTML document that needs nothing else. */
export function renderInspection(inspection: Inspection, { source, madeBy }: InspectionPageOptions): string {
  const { compressors, excerpt, failures } = inspection;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${madeBy}">
<title>Symbols of ${source}</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>Symbols of ${source}</h1>
<p class="quiet">${describeText(inspection)}</p>
</header>
<main>
${statisticsTable(compressors)}
${failures.length > 0 ? html`<ul class="quiet">${failures.map(({ name, reason }) => html`<li>${name} is left out: ${reason}</li>`)}</ul>` : ''}
<section aria-labelledby="symbols"><h2 id="symbols">Symbols</h2>
<p class="quiet">Each colour is what one symbol covers, or several that only together stand for some bytes. <span class="none">‹n›</span>
are n symbols that complete no byte, and a line stands where a compressor cuts the text. Point at a symbol to see its bytes, and what stands for them elsewhere. A click keeps it, the
arrow keys go on from there, Escape lets go.</p>
<noscript><p class="note">The browser runs no scripts here, so pointing at symbols shows nothing.</p></noscript>
<div class="columns" data-start="${excerpt.start}" data-bytes="${Buffer.from(excerpt.bytes).toString('hex')}">${compressors.map(
    (each) => column(each, excerpt),
  )}</div>
</section>
</main>
<aside class="detail" aria-live="polite" hidden></aside>
<footer><p>Made by ${madeBy}.</p></footer>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.text;
}

/** How a policy names an inline style or script. */
function sourceHash(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

const number = (value: number): string => value.toLocaleString('en');

function describeText({ bytes, documents, excerpt: { start, end } }: Inspection): string {
  const shown = end - start < bytes ? `, of which ${number(start)} to ${number(end)} are shown` : '';
  const pieces = documents > 1 ? ` It is encoded as ${number(documents)} documents, each by itself.` : '';
  return `${number(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}${shown}.${pieces}`;
}

function statisticsTable(compressors: readonly CompressorInspection[]): Html {
  const columns: readonly [string, (statistics: CodeStatistics) => string][] = [
    ['Symbols', ({ symbols }) => number(symbols)],
    ['Bytes a symbol', ({ bytesPerSymbol }) => fixed(bytesPerSymbol ?? undefined, 3)],
    ['Alphabet', ({ alphabetSize }) => number(alphabetSize)],
    ['Of it used', ({ distinctSymbols }) => number(distinctSymbols)],
    ['Uniform bits a byte', ({ uniformBitsPerByte }) => fixed(uniformBitsPerByte ?? undefined, 3)],
  ];
  return html`<section aria-labelledby="statistics"><h2 id="statistics">The whole text</h2>
<div class="scroll" role="region" aria-label="The whole text" tabindex="0"><table>
<thead><tr><th scope="col">Compressor</th>${columns.map(([title]) => html`<th scope="col" class="number">${title}</th>`)}</tr></thead>
<tbody>${compressors.map(
    ({ name, summary, statistics }) =>
      html`<tr><th scope="row">${name}<span class="interval">${summary}</span></th>${columns.map(
        ([, show]) => html`<td class="number">${show(statistics)}</td>`,
      )}</tr>\n`,
  )}</tbody>
</table></div>
<p class="quiet">Uniform bits: the price of a byte if all symbols had codes of one length.</p></section>`;
}

function column({ name, cells, firstSymbols, statistics }: CompressorInspection, excerpt: Excerpt): Html {
  const id = `column-${name}`;
  const more = statistics.symbols > firstSymbols.length ? ' …' : '';
  const content =
    cells === null
      ? html`<p class="quiet">It does not say which bytes its symbols cover. The first symbols:</p><p><code>${firstSymbols.join(' ')}${more}</code></p>`
      : html`<pre tabindex="0" aria-labelledby="${id}">${drawCells(cells, excerpt)}</pre>`;
  return html`<section class="column" data-name="${name}"><h3 id="${id}">${name}</h3>${content}</section>\n`;
}

/** Cells as spans with their range (`data-r`), symbols (`data-s`) and the position of the first symbol (`data-i`). */
function drawCells(cells: readonly Cell[], excerpt: Excerpt): Html[] {
  let ordinal = 0;
  return cells.map((cell) => {
    const { byteStart, byteEnd, symbolIndex, symbols, afterCut } = cell;
    const empty = byteStart === byteEnd;
    const content = empty ? `‹${symbols.length}›` : glyphsOf(shownBytes(cell, excerpt)).map(drawGlyph);
    const colour = empty ? 'none' : ordinal++ % 2 === 0 ? 'even' : 'odd';
    const style = afterCut === true ? `${colour} cut` : colour;
    return html`<span class="${style}" data-r="${byteStart} ${byteEnd}" data-i="${symbolIndex}" data-s="${symbols.join(' ')}">${content}</span>`;
  });
}

function drawGlyph({ kind, text }: Glyph): Html {
  if (kind === 'text') return html`${text}`;
  return html`<i>${text}</i>${kind === 'line-end' ? '\n' : ''}`;
}
