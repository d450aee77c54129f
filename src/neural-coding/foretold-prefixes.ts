import type { FrequencyModel, PrefixRun } from './byte-model.js';

/** A prefix that a model must be asked for, as latin-1, and the text that its window begins with, where that is known. */
export interface AskedPrefix {
  readonly text: string;
  /** From the start of the window to the end of the segment; null while decoding, where nothing is known ahead. */
  readonly ahead: Uint8Array | null;
}

/**
 * Prefixes that are worth asking for beside others. Some models compute so many rows in a run, whether they are asked for or
 * not (`PrefixRun`): a single document would fill one row of hundreds at a time. The rows left over go to what the same text
 * will ask for next: longer prefixes of the same window, and those of windows that could begin behind it. Where windows begin
 * is not known yet, so most of these are never needed; they cost nothing.
 *
 * @param isKnown whether a prefix need not be asked for
 * @returns prefixes that are neither asked for nor known, each once; none for a model without runs
 */
export function foretoldPrefixes(
  asked: readonly AskedPrefix[],
  model: Pick<FrequencyModel, 'runOf'>,
  isKnown: (text: string) => boolean,
): string[] {
  if (model.runOf === undefined) return [];
  const taken = new Set(asked.map(({ text }) => text));
  const runs = new Map<number, { run: PrefixRun; rows: number }>();
  for (const text of taken) {
    const run = model.runOf(text.length);
    const counted = runs.get(run.longest);
    if (counted === undefined) runs.set(run.longest, { run, rows: 1 });
    else counted.rows++;
  }
  const foretold: string[] = [];
  for (const { run, rows } of runs.values()) {
    let left = (run.rows - (rows % run.rows)) % run.rows;
    for (const text of left === 0 ? [] : candidates(asked, run)) {
      if (taken.has(text) || isKnown(text)) continue;
      taken.add(text);
      foretold.push(text);
      if (--left === 0) break;
    }
  }
  return foretold;
}

/** Prefixes of the lengths of a run: first of the windows that are being read, then of those nearest behind them. */
function* candidates(asked: readonly AskedPrefix[], { shortest, longest, rows }: PrefixRun): Generator<string> {
  for (let offset = 0; offset < rows; offset++) {
    for (const { text, ahead } of asked) {
      if (ahead === null) continue;
      // The next window begins where this one ends: hardly before what is read of it.
      const start = offset === 0 ? 0 : Math.max(1, text.length) + offset - 1;
      const bytes = Buffer.from(ahead.buffer, ahead.byteOffset + Math.min(start, ahead.length));
      const most = Math.min(longest, ahead.length - start);
      for (let length = Math.max(1, shortest); length <= most; length++) yield bytes.toString('latin1', 0, length);
    }
  }
}
