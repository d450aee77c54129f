import { METRICS, type MetricName } from '../training/logging/index.js';
import { type Point, smoothed } from './series.js';

/** A run's curve, or one of several curves of it. */
export interface Curve {
  run: string;
  /** What it shows: one chart may have several figures of a run. */
  title: string;
  points: Point[];
  /** Drawn faintly behind the others: what the curve is the mean of. */
  background?: Point[];
  /** `[]` is a solid line. */
  dash: number[];
  /** Marks every point: few of them, measured apart. */
  marked: boolean;
}

export interface Chart {
  id: string;
  title: string;
  /** What else a reader must know, a sentence. */
  note?: string;
  unit: string;
  curves: Curve[];
  /** Logarithmic where the values span so much that their ends would be flat. */
  scale: 'linear' | 'log';
  /** Whether the axis begins at zero: for rates, whose noise would otherwise look like change. */
  fromZero: boolean;
}

interface CurveSource {
  metric: MetricName;
  dash?: number[];
}

interface ChartDefinition {
  id: string;
  title?: string;
  note?: string;
  sources: [CurveSource, ...CurveSource[]];
  smooth?: boolean;
  marked?: boolean;
  /** Falls steeply at first. */
  falling?: boolean;
  fromZero?: boolean;
}

/** The curves of a report, in its order; one is left out where no run has its figures. */
const CHARTS: readonly ChartDefinition[] = [
  { id: 'validation-bits-per-byte', sources: [{ metric: 'validation_bits_per_byte' }], marked: true },
  { id: 'validation-loss', sources: [{ metric: 'validation_loss' }], marked: true },
  {
    id: 'loss',
    sources: [{ metric: 'loss' }],
    smooth: true,
    falling: true,
    note: 'Of what each run trains on: runs with another mix or compressor are not to be compared by it.',
  },
  {
    id: 'bits-per-byte',
    sources: [{ metric: 'bits_per_byte' }],
    smooth: true,
    falling: true,
    note: 'Of the batches trained on, raw and compressed text together.',
  },
  {
    id: 'compression-rate',
    sources: [{ metric: 'compression_rate' }],
    note: 'The share of compressed text that the schedule asks for.',
  },
  {
    id: 'raw-share',
    title: 'Share of raw text',
    sources: [
      { metric: 'raw_share_documents' },
      { metric: 'raw_share_bytes', dash: [6, 3] },
      { metric: 'raw_share_symbols', dash: [2, 3] },
    ],
    smooth: true,
    note: 'Solid: of documents. Dashed: of bytes. Dotted: of symbols.',
  },
  { id: 'learning-rate', sources: [{ metric: 'learning_rate' }] },
  { id: 'gradient-norm', sources: [{ metric: 'grad_norm' }], smooth: true, falling: true },
  { id: 'tokens-per-second', sources: [{ metric: 'tokens_per_second' }], smooth: true, fromZero: true },
  { id: 'bytes-per-second', sources: [{ metric: 'bytes_per_second' }], smooth: true, fromZero: true },
  {
    id: 'share-of-peak',
    sources: [{ metric: 'share_of_peak' }],
    smooth: true,
    note: 'Of the rate of matrix products measured at the start.',
  },
];

/** Values whose largest is so many times their smallest are drawn on a logarithmic scale. */
const LOGARITHMIC_FROM = 5;

export interface NamedSeries {
  name: string;
  series: ReadonlyMap<string, Point[]>;
}

/** The charts for which there are figures. */
export function chartsOf(runs: readonly NamedSeries[]): Chart[] {
  return CHARTS.flatMap((definition) => {
    const { id, sources, note } = definition;
    const curves = runs.flatMap((run) => sources.flatMap((source) => curveOf(run, source, definition) ?? []));
    if (curves.length === 0) return [];
    const { title, unit } = METRICS[sources[0].metric];
    return [
      {
        id,
        title: definition.title ?? title,
        unit,
        curves,
        scale: definition.falling ? scaleOf(curves) : 'linear',
        fromZero: definition.fromZero ?? false,
        ...(note !== undefined && { note }),
      },
    ];
  });
}

function curveOf(run: NamedSeries, { metric, dash = [] }: CurveSource, definition: ChartDefinition): Curve | undefined {
  const points = run.series.get(metric);
  if (!points || points.length === 0) return undefined;
  const { smooth = false, marked = false, sources } = definition;
  const { title } = METRICS[metric];
  if (!smooth) return { run: run.name, title, points, dash, marked };
  const background = sources.length === 1 ? points : undefined;
  return { run: run.name, title, points: smoothed(points), dash, marked, ...(background && { background }) };
}

function scaleOf(curves: readonly Curve[]): Chart['scale'] {
  const values = curves.flatMap(({ points, background }) => (background ?? points).map(({ value }) => value));
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return least > 0 && most / least >= LOGARITHMIC_FROM ? 'log' : 'linear';
}
