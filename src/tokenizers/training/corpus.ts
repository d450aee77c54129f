import { mergeRuns } from './pretoken-runs.js';
import type { PretokenTable } from './pretoken-table.js';

/** Receives `bytes[from … to)`, a pre-token that occurs `count` times. */
export type PretokenVisitor = (bytes: Uint8Array, from: number, to: number, count: number) => void;

/** All pre-tokens of a corpus, each once. */
export interface CountedPretokens {
  forEach(visit: PretokenVisitor): Promise<void>;
}

/** Gives the pre-tokens of one and the same corpus, cut by any pattern. */
export interface PretokenSource {
  /** @param pattern an expression of Oniguruma */
  count(pattern: string): Promise<CountedPretokens>;
}

export function pretokensOfTable(table: PretokenTable): CountedPretokens {
  return { forEach: async (visit) => table.forEach(visit) };
}

/** Of tables that were written to files because they did not fit in memory together. */
export function pretokensOfRuns(paths: readonly string[]): CountedPretokens {
  return {
    async forEach(visit) {
      for await (const { bytes, count } of mergeRuns(paths)) visit(bytes, 0, bytes.length, count);
    },
  };
}
