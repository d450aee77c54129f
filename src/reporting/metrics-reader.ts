import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { type Point, SeriesBuilder } from './series.js';

/** Fields of `metrics.jsonl` that are no figures over time. */
const NOT_FIGURES = new Set(['step', 'created_at', 'total_symbols', 'total_bytes']);

export interface RunMetrics {
  /** By the name of the figure. */
  series: ReadonlyMap<string, Point[]>;
  /** Last value of each figure, totals included. */
  last: ReadonlyMap<string, number>;
  /** Steps done; 0 for a run that has logged nothing. */
  steps: number;
}

/**
 * Reads `metrics.jsonl` line by line; memory does not grow with its length. A last line that is still being written is
 * left out.
 *
 * @throws DataError at the first other line that is no object with a step, and where the file does not exist
 */
export async function readMetrics(path: string): Promise<RunMetrics> {
  const builders = new Map<string, SeriesBuilder>();
  const last = new Map<string, number>();
  let steps = 0;
  let broken: { line: number } | undefined;
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (broken) throw notMetrics(path, broken.line);
      const record = parse(text);
      if (record === undefined) {
        broken = { line };
        continue;
      }
      steps = record.step;
      for (const [name, value] of Object.entries(record))
        if (typeof value === 'number' && Number.isFinite(value)) last.set(name, value);
      const place = { symbols: last.get('total_symbols') ?? Number.NaN, bytes: last.get('total_bytes') ?? Number.NaN };
      for (const [name, value] of Object.entries(record)) {
        if (NOT_FIGURES.has(name) || typeof value !== 'number' || !Number.isFinite(value)) continue;
        const builder = builders.get(name) ?? new SeriesBuilder();
        builders.set(name, builder);
        builder.add({ step: record.step, ...place, value });
      }
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new DataError('this run has no metrics', {
      file: path,
      hint: 'Give the directory of a run that pc train has made, such as runs/default.',
    });
  }
  const series = new Map([...builders].map(([name, builder]) => [name, builder.points()] as const));
  return { series, last, steps };
}

function parse(text: string): ({ step: number } & Record<string, unknown>) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('step' in value)) return undefined;
    return typeof value.step === 'number' ? { ...value, step: value.step } : undefined;
  } catch {
    return undefined;
  }
}

function notMetrics(file: string, line: number): DataError {
  return new DataError('this line is no object with a step', {
    file,
    line,
    hint: 'The file was changed by hand or by another program: remove the line.',
  });
}
