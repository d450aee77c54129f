import { chartsOf } from './charts.js';
import { drawChart, drawEstimates, type Estimate } from './draw.js';
import { type DrawnChart, renderPage } from './page.js';
import { type Run, readRun } from './run.js';
import { PROGRESS_AXES, type ProgressAxis } from './series.js';
import { comparisonNotes, type RunSummary, summarise } from './summary.js';

export interface ReportRequest {
  /** Directories of runs, in the order in which they are shown. */
  directories: readonly string[];
  title: string;
  /** Program and version. */
  madeBy: string;
}

export interface Report {
  /** A self-contained HTML document. */
  page: string;
  summaries: RunSummary[];
  /** Why the runs are not to be compared like for like; empty where they are. */
  notes: string[];
}

/**
 * The report of some runs: table, curves, configuration and environment.
 *
 * @throws DataError if a directory holds no run, or a file in it is damaged
 */
export async function buildReport({ directories, title, madeBy }: ReportRequest): Promise<Report> {
  const runs = withDistinctNames(await Promise.all(directories.map(readRun)));
  const names = runs.map(({ name }) => name);
  const summaries = runs.map(summarise);
  const notes = comparisonNotes(summaries);
  const estimates = summaries.flatMap(estimateOf);
  const page = renderPage({
    title,
    runs,
    summaries,
    notes,
    charts: await drawCharts(runs, names),
    estimates: estimates.length === 0 ? undefined : await drawEstimates(estimates, names),
    madeBy,
  });
  return { page, summaries, notes };
}

/** Runs of one name are told apart by their directories. */
function withDistinctNames(runs: readonly Run[]): Run[] {
  const count = new Map<string, number>();
  for (const { name } of runs) count.set(name, (count.get(name) ?? 0) + 1);
  return runs.map((run) => (count.get(run.name)! > 1 ? { ...run, name: `${run.name} (${run.directory})` } : run));
}

async function drawCharts(runs: readonly Run[], names: readonly string[]): Promise<DrawnChart[]> {
  const drawn: DrawnChart[] = [];
  for (const chart of chartsOf(runs.map(({ name, metrics }) => ({ name, series: metrics.series })))) {
    const drawings = new Map<ProgressAxis, string>();
    for (const axis of PROGRESS_AXES) {
      const drawing = await drawChart(chart, axis, names);
      if (drawing !== undefined) drawings.set(axis, drawing);
    }
    drawn.push({ chart, drawings });
  }
  return drawn;
}

function estimateOf({ name, evaluation }: RunSummary): Estimate[] {
  if (!evaluation) return [];
  const { bitsPerByte: value, interval } = evaluation;
  return [{ run: name, value, low: interval?.low ?? value, high: interval?.high ?? value }];
}
