import type { Chart } from './charts.js';
import { AXIS_TITLES, runColour } from './draw.js';
import { compact, fixed, literal, significant } from './format.js';
import { type Html, html, trusted } from './html.js';
import type { Run } from './run.js';
import { PROGRESS_AXES, type ProgressAxis } from './series.js';
import { STYLE } from './style.js';
import type { RunSummary } from './summary.js';

/** A chart with its drawings by measure of progress, as SVG. */
export interface DrawnChart {
  chart: Chart;
  drawings: ReadonlyMap<ProgressAxis, string>;
}

export interface PageContent {
  title: string;
  runs: readonly Run[];
  summaries: readonly RunSummary[];
  /** Why the runs are not to be compared like for like. */
  notes: readonly string[];
  charts: readonly DrawnChart[];
  /** Bits per byte with intervals, as SVG; undefined without evaluations. */
  estimates: string | undefined;
  madeBy: string;
}

/** The report: one HTML document that needs nothing else, no network and no script. */
export function renderPage(content: PageContent): string {
  const { title, runs, madeBy } = content;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${madeBy}">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="quiet">${runs.length === 1 ? 'One run' : `${runs.length} runs`}, trained with proxy-compression.</p>
</header>
<main>
${comparison(content)}
${summaryTable(content)}
${evaluations(content)}
${curves(content)}
${configuration(runs)}
${environment(runs)}
</main>
<footer><p>Made by ${madeBy}. Curves of long runs show means of neighbouring lines of metrics.jsonl.</p></footer>
</body>
</html>
`.text;
}

function comparison({ notes, runs }: PageContent): Html {
  if (runs.length < 2) return html``;
  if (notes.length === 0)
    return html`<p>The runs share their heads, symbols a step and context, and can be compared like for like.</p>`;
  return html`<aside class="note" role="note"><strong>These runs are not like for like.</strong>
A difference between them may come from what is said here, and not from the proxy.
<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></aside>`;
}

function swatch(index: number): Html {
  return html`<span class="swatch" style="--colour:${runColour(index)}" aria-hidden="true"></span>`;
}

function table(head: readonly (string | Html)[], rows: readonly (readonly Html[])[], caption: string): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${[...cells]}</tr>\n`)}</tbody>
</table></div>`;
}

const cell = (content: Html | string | readonly Html[]): Html => html`<td>${content}</td>`;
const numberCell = (content: Html | string): Html => html`<td class="number">${content}</td>`;
const nameCell = (content: Html | string): Html => html`<th scope="row">${content}</th>`;

function summaryTable({ summaries }: PageContent): Html {
  const columns: readonly [string, (summary: RunSummary) => Html][] = [
    ['Bits per byte', ({ evaluation }) => numberCell(estimate(evaluation))],
    ['Final loss', ({ loss }) => numberCell(fixed(loss, 4))],
    ['Compressor', ({ compressor }) => cell(compressor)],
    ['Mix', ({ mix }) => cell(mix.map((phase) => html`<div class="phase">${phase}</div>`))],
    ['Parameters', ({ parameters }) => numberCell(compact(parameters))],
    ['Symbols', ({ symbols }) => numberCell(compact(symbols))],
    ['Bytes of text', ({ bytes }) => numberCell(compact(bytes))],
    ['Heads', ({ basis }) => numberCell(basis.heads)],
    ['Symbols a step', ({ basis }) => numberCell(basis.symbolsPerStep)],
    ['Context', ({ basis }) => numberCell(basis.context)],
  ];
  const rows = summaries.map((summary, index) => [
    nameCell(html`${swatch(index)}${summary.name}`),
    ...columns.map(([, show]) => show(summary)),
  ]);
  const head = ['Run', ...columns.map(([title]) => title)];
  return html`<section aria-labelledby="runs"><h2 id="runs">Runs</h2>${table(head, rows, 'Runs')}</section>`;
}

function estimate(evaluation: RunSummary['evaluation']): Html {
  const interval = evaluation?.interval;
  return html`${fixed(evaluation?.bitsPerByte, 4)}${
    interval && html`<span class="interval">${fixed(interval.low, 4)} – ${fixed(interval.high, 4)}</span>`
  }`;
}

function evaluations({ estimates, runs }: PageContent): Html {
  if (estimates === undefined) return html``;
  const head = [
    'Run',
    'Step',
    'Bits per byte',
    'With ends of texts',
    'Representation',
    'Window',
    'Stride',
    'Document mask',
    'Bytes of text',
    'Data',
  ];
  const rows = runs.flatMap(({ name, evaluations }, index) =>
    evaluations.map((each) => [
      nameCell(html`${swatch(index)}${name}`),
      numberCell(each.step === undefined ? '–' : String(each.step)),
      numberCell(estimate(each)),
      numberCell(fixed(each.bitsPerByteWithEos, 4)),
      cell(each.conditions.representation),
      numberCell(each.conditions.context),
      numberCell(each.conditions.stride),
      cell(each.conditions.documentMask),
      numberCell(each.conditions.bytes),
      cell(each.conditions.data),
    ]),
  );
  return html`<section aria-labelledby="evaluations"><h2 id="evaluations">Bits per byte of held-out text</h2>
<figure class="wide"><figcaption><p>Less is better. The lines are bootstrap intervals of 95 % over documents.</p></figcaption>${trusted(estimates)}</figure>
<details><summary>All evaluations and how they were measured</summary>${table(head, rows, 'Evaluations')}</details></section>`;
}

function curves(content: PageContent): Html {
  const { charts, summaries } = content;
  if (charts.length === 0) return html``;
  const axes = PROGRESS_AXES.filter((axis) => charts.some(({ drawings }) => drawings.has(axis)));
  return html`<section aria-labelledby="curves"><h2 id="curves">Curves</h2>
<ul class="legend">${summaries.map(({ name }, index) => html`<li>${swatch(index)}${name}</li>`)}</ul>
<fieldset class="axis-choice"><legend>Against</legend>${axes.map(
    (axis, index) =>
      html`<label><input type="radio" name="axis" id="axis-${axis}"${index === 0 ? html` checked` : ''}> ${AXIS_TITLES[axis].toLowerCase()}</label>`,
  )}</fieldset>
<div class="charts">${charts.map(chartFigure)}</div>
${finalValues(content)}
</section>`;
}

function chartFigure({ chart, drawings }: DrawnChart): Html {
  const scale = chart.scale === 'log' ? html` <span class="unit">(logarithmic)</span>` : '';
  return html`
<figure id="${chart.id}"><figcaption><b>${chart.title}</b>${scale}${chart.note && html`<p>${chart.note}</p>`}</figcaption>${[
    ...drawings,
  ].map(([axis, svg]) => html`<div class="by by-${axis}">${trusted(svg)}</div>`)}</figure>`;
}

function finalValues({ charts, summaries }: PageContent): Html {
  const curves = charts.flatMap(({ chart }) => chart.curves);
  const titles = [...new Set(curves.map(({ title }) => title))];
  const rows = titles.map((title) => [
    nameCell(title),
    ...summaries.map(({ name }) => {
      const curve = curves.find((each) => each.title === title && each.run === name);
      return numberCell(significant(curve?.points.at(-1)?.value));
    }),
  ]);
  const head = ['Figure', ...summaries.map(({ name }) => name)];
  return html`<details><summary>Where the curves end, as a table</summary>${table(head, rows, 'Final values')}</details>`;
}

function configuration(runs: readonly Run[]): Html {
  const names = [...new Set(runs.flatMap(({ settings }) => [...settings.keys()]))];
  const differing = names.filter((name) => new Set(runs.map((run) => literal(run.settings.get(name)?.value))).size > 1);
  const head = ['Setting', ...runs.map(({ name }) => name)];
  const row = (name: string): Html[] => [
    nameCell(html`<code>${name}</code>`),
    ...runs.map(({ settings }) => {
      const setting = settings.get(name);
      const origin = setting?.origin && html`<span class="interval">${setting.origin}</span>`;
      return cell(html`<code>${literal(setting?.value)}</code>${origin}`);
    }),
  ];
  const differences =
    differing.length === 0
      ? ''
      : html`<h3>Where the runs differ</h3>${table(head, differing.map(row), 'Settings that differ')}`;
  return html`<section aria-labelledby="configuration"><h2 id="configuration">Configuration</h2>
<p class="quiet">Below a value: where it came from, unless it is a default.</p>
${differences}
<details${runs.length === 1 ? html` open` : ''}><summary>All settings</summary>${table(head, names.map(row), 'All settings')}</details></section>`;
}

function environment(runs: readonly Run[]): Html {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.environment)))];
  if (keys.length === 0) return html``;
  const rows = keys.map((key) => [nameCell(spaced(key)), ...runs.map((run) => cell(literal(run.environment[key])))]);
  return html`<section aria-labelledby="environment"><h2 id="environment">Environment</h2>${table(
    ['', ...runs.map(({ name }) => name)],
    rows,
    'Environment',
  )}</section>`;
}

/** `startedAt` as `started at`. */
function spaced(key: string): string {
  return key
    .replace(/[A-Z]+(?![a-z])|[A-Z]/g, (capital) => ` ${capital.length === 1 ? capital.toLowerCase() : capital}`)
    .trim();
}
