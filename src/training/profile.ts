import { readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../support/atomic-files.js';

/** An event of the runtime's trace, in the format of Chrome's tracing tools; times are microseconds. */
interface TraceEvent {
  cat: string;
  name: string;
  /** When it began, on the runtime's clock. */
  ts: number;
  dur?: number;
  args?: { op_name?: string };
}

interface ProfileEntry {
  name: string;
  milliseconds: number;
  /** Of the sum of all. */
  share: number;
  calls: number;
}

export interface ProfileSummary {
  operators: ProfileEntry[];
  /** Parts of the model: `layers.0`, `layers.0'` for its backward pass, `loss`, … */
  scopes: ProfileEntry[];
}

/**
 * Makes the runtime's trace readable: `<prefix>.trace.json` for tracing tools, and `<prefix>.json` with the time that
 * went into each operator and each part of the model in the last run alone; those before it allocated memory.
 */
export async function summariseProfile(prefix: string): Promise<ProfileSummary> {
  const folder = dirname(prefix);
  const written = (await readdir(folder)).filter((name) => name.startsWith(`${basename(prefix)}_`)).sort();
  const trace = `${prefix}.trace.json`;
  await rename(join(folder, written.at(-1)!), trace);
  const all = JSON.parse(await readFile(trace, 'utf8')) as TraceEvent[];
  const lastRun = Math.max(...all.filter(({ name }) => name === 'model_run').map(({ ts }) => ts));
  const events = all.filter(({ cat, name, ts }) => cat === 'Node' && name.endsWith('_kernel_time') && ts >= lastRun);
  const summary: ProfileSummary = {
    operators: sumBy(events, ({ args }) => args?.op_name ?? 'other'),
    scopes: sumBy(events, ({ name }) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : 'other')),
  };
  await writeFileAtomic(`${prefix}.json`, `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

function sumBy(events: readonly TraceEvent[], keyOf: (event: TraceEvent) => string): ProfileEntry[] {
  const sums = new Map<string, { milliseconds: number; calls: number }>();
  let total = 0;
  for (const event of events) {
    const sum = sums.get(keyOf(event)) ?? { milliseconds: 0, calls: 0 };
    sum.milliseconds += (event.dur ?? 0) / 1000;
    sum.calls += 1;
    total += (event.dur ?? 0) / 1000;
    sums.set(keyOf(event), sum);
  }
  return [...sums]
    .map(([name, { milliseconds, calls }]) => ({ name, milliseconds, share: milliseconds / total, calls }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
