import type { Config, TopLevelSpec } from 'vega-lite';
import type { Chart } from './charts.js';
import type { Point, ProgressAxis } from './series.js';

/** Colours that can be told apart by most eyes, on white and on black; one for each run, in order. */
const RUN_COLOURS = ['#2b7fc3', '#d9772b', '#2f9e6e', '#b4559e', '#8579d1', '#a88a1f', '#3a9fb0', '#cc5050'] as const;

export function runColour(index: number): string {
  return RUN_COLOURS[index % RUN_COLOURS.length]!;
}

const WIDTH = 560;
const HEIGHT = 260;
const FONT = 'system-ui, sans-serif';

/** Text takes the colour of the page around it, so that one drawing suits a light and a dark page. */
const CONFIG: Config = {
  background: 'transparent',
  font: FONT,
  aria: false,
  view: { stroke: null },
  axis: {
    domainColor: 'rgba(128,128,128,0.6)',
    gridColor: 'rgba(128,128,128,0.22)',
    tickColor: 'rgba(128,128,128,0.6)',
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    titleFontWeight: 'normal',
    labelFontSize: 12,
    titleFontSize: 12,
  },
};

export const AXIS_TITLES: Readonly<Record<ProgressAxis, string>> = {
  step: 'Optimizer steps',
  symbols: 'Symbols trained on',
  bytes: 'Bytes of text trained on',
};

/** How numbers stand at an axis, by the unit (d3-format). */
const FORMATS: Readonly<Record<string, string>> = { share: '.0%', '1/s': '~s', 'B/s': '~s' };

/**
 * A chart as SVG, against one measure of progress; undefined where no run tells it.
 *
 * @param runs names of all runs, in the order of their colours
 */
export async function drawChart(
  chart: Chart,
  axis: ProgressAxis,
  runs: readonly string[],
): Promise<string | undefined> {
  const layers = chart.curves.flatMap(({ run, points, background, dash, marked }, index) => {
    const colour = runColour(runs.indexOf(run));
    const line = {
      type: 'line' as const,
      color: colour,
      strokeWidth: 2,
      strokeDash: dash,
      ...(marked && { point: { color: colour, size: 28 } }),
    };
    return [
      ...(background ? [layer(background, axis, { type: 'line', color: colour, opacity: 0.25, strokeWidth: 1 })] : []),
      layer(points, axis, line, `curve ${index}`),
    ];
  });
  if (layers.every(({ data }) => data.values.length === 0)) return undefined;
  const format = FORMATS[chart.unit];
  return draw(`${chart.title} by ${AXIS_TITLES[axis].toLowerCase()}: ${endings(chart)}`, {
    width: WIDTH,
    height: HEIGHT,
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: AXIS_TITLES[axis],
        axis: { format: '~s', grid: false, tickCount: 7 },
        scale: { zero: false, nice: false },
      },
      y: {
        field: 'y',
        type: 'quantitative',
        title: chart.unit === 'share' || chart.unit === '' ? null : chart.unit,
        axis: { tickCount: 5, ...(format !== undefined && { format }) },
        scale: valueScale(chart),
      },
    },
    layer: layers.filter(({ data }) => data.values.length > 0),
  });
}

function valueScale({ unit, scale, fromZero }: Chart) {
  if (unit === 'share') return { domain: [0, 1] };
  return scale === 'log' ? { type: scale, nice: false } : { zero: fromZero };
}

type LineMark = {
  type: 'line';
  color: string;
  strokeWidth: number;
  opacity?: number;
  strokeDash?: number[];
  point?: object;
};

function layer(points: readonly Point[], axis: ProgressAxis, mark: LineMark, name?: string) {
  const values = points
    .filter((point) => Number.isFinite(point[axis]))
    .map((point) => ({ x: point[axis], y: point.value }));
  return { ...(name !== undefined && { name }), data: { values }, mark };
}

/** What a reader who cannot see the curves is told of them. */
function endings({ curves }: Chart): string {
  return curves.map(({ run, points }) => `${run} ends at ${points.at(-1)!.value.toPrecision(4)}`).join(', ');
}

/** One run's bits per byte and its interval. */
export interface Estimate {
  run: string;
  value: number;
  low: number;
  high: number;
}

/** Bits per byte of each run with its interval, one below the other. */
export async function drawEstimates(estimates: readonly Estimate[], runs: readonly string[]): Promise<string> {
  const rows = estimates.map((estimate) => ({ ...estimate, colour: runColour(runs.indexOf(estimate.run)) }));
  const y = {
    field: 'run',
    type: 'nominal' as const,
    title: null,
    sort: null,
    axis: { labelLimit: 220, ticks: false },
  };
  const [least, most] = [Math.min(...estimates.map(({ low }) => low)), Math.max(...estimates.map(({ high }) => high))];
  const margin = Math.max((most - least) * 0.08, most * 1e-3);
  const scale = { domain: [least - margin, most + margin], nice: false };
  const colour = { field: 'colour', type: 'nominal' as const, scale: null };
  const label = estimates.map(
    ({ run, value, low, high }) => `${run} ${value.toFixed(4)}, from ${low.toFixed(4)} to ${high.toFixed(4)}`,
  );
  return draw(`Bits per byte of held-out text: ${label.join('; ')}`, {
    width: WIDTH,
    height: { step: 34 },
    data: { values: rows },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 3, opacity: 0.45 },
        encoding: {
          y,
          x: {
            field: 'low',
            type: 'quantitative',
            title: 'bits per byte',
            scale,
            axis: { tickCount: 6 },
          },
          x2: { field: 'high' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: { y, x: { field: 'value', type: 'quantitative', scale }, color: colour },
      },
    ],
  });
}

async function draw(label: string, spec: TopLevelSpec): Promise<string> {
  const [{ parse, View }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new View(parse(compile({ ...spec, config: CONFIG }).spec), { renderer: 'none' });
  try {
    return asImage(await view.toSVG(), label);
  } finally {
    view.finalize();
  }
}

/** Names the drawing for screen readers, and shortens its coordinates, which have more digits than a screen has dots. */
function asImage(svg: string, label: string): string {
  const escaped = label.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return svg
    .replace('<svg ', `<svg role="img" aria-label="${escaped}" `)
    .replace(/ d="[^"]*"/g, (path) => path.replace(/(\.\d\d)\d+/g, '$1'));
}
