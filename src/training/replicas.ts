import { type LanguageModel, parameterCount } from '../models/index.js';
import type { Replication } from '../plugins/contracts.js';
import { ConfigError } from '../support/errors.js';

/**
 * How many replicas a run trains: as many as its settings say; else those it began with, since their number is part of
 * what decides the last bits; else as many as the backend finds fastest here.
 *
 * @param rows sequences of a micro-batch
 * @param earlier the number that a resumed run had; null: a new run
 * @throws ConfigError for a number that does not divide the rows
 */
export function replicasOf(
  replication: Replication | undefined,
  model: LanguageModel,
  rows: number,
  earlier: number | null,
): number {
  if (!replication) return 1;
  const { count } = replication;
  if (count === 'auto') {
    if (earlier !== null && rows % earlier === 0) return earlier;
    const parameterBytes = parameterCount(model.parameters) * Float32Array.BYTES_PER_ELEMENT;
    return replication.suggest({ rows, parameterBytes });
  }
  if (rows % count !== 0) {
    const possible = Array.from({ length: rows }, (_, index) => index + 1).filter((n) => rows % n === 0);
    const nearest = possible.reduce((a, b) => (Math.abs(b - count) < Math.abs(a - count) ? b : a));
    throw new ConfigError(`${count} replicas cannot share the ${rows} sequences of a micro-batch evenly`, {
      field: 'backend.replicas',
      hint: `Choose ${nearest}, another divisor of batch.size / batch.accumulation, or auto.`,
    });
  }
  return count;
}
