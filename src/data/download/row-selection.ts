import { Random } from '../../support/random/index.js';

/**
 * The rows that a dataset's `shuffle(seed).select(range(count))` takes in the Python library `datasets`, in rising order:
 * the first `count` of numpy's `default_rng(seed).permutation(rows)`. Exact, at 4 bytes a row while it runs: numpy shuffles from
 * the end, so that the first rows are known last.
 *
 * @param rows below 2^32
 * @param count at most `rows`
 */
export function selectRows(rows: number, count: number, seed: number): Uint32Array {
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  if (count < rows) Random.fromSeed(seed).shuffle(order);
  return order.slice(0, count).sort();
}
