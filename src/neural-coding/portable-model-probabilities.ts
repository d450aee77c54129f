import { BYTE_COUNT } from '../vocabulary/layout.js';
import type { ProbabilityModel } from './byte-model.js';
import { prefixTooLong } from './model-faults.js';
import { LANE_GROUP } from './portable-kernels.js';
import type { PortableModel } from './portable-model.js';

/**
 * A portable model as window coders ask for it: distributions after prefixes, each of which begins a context of its own.
 * The same bits on every machine, whatever shares a call.
 *
 * @throws CheckpointError, when asked, after a prefix that is longer than the model's context
 */
export function portableProbabilities(model: PortableModel): ProbabilityModel {
  return {
    fingerprint: model.fingerprint,
    async probabilities(prefixes) {
      const rows = new Float64Array(prefixes.length * BYTE_COUNT);
      // Those of like length together, so that little is read beyond the end of a prefix.
      const byLength = prefixes.map((_, index) => index).sort((a, b) => prefixes[a]!.length - prefixes[b]!.length);
      for (let from = 0; from < byLength.length; from += LANE_GROUP)
        predictGroup(model, prefixes, byLength.slice(from, from + LANE_GROUP), rows);
      return rows;
    },
  };
}

function predictGroup(
  model: PortableModel,
  prefixes: readonly Uint8Array[],
  group: readonly number[],
  rows: Float64Array,
): void {
  const contexts = model.contexts(group.length);
  const longest = prefixes[group.at(-1)!]!;
  if (longest.length >= model.contextLength) throw prefixTooLong(longest.length, model.contextLength - 1);
  contexts.begin();
  for (let length = 0; ; length++) {
    const due = group.flatMap((index, lane) => (prefixes[index]!.length === length ? [{ index, lane }] : []));
    if (due.length > 0) contexts.predict();
    for (const { index, lane } of due)
      rows.set(contexts.probabilities.subarray(lane * BYTE_COUNT, (lane + 1) * BYTE_COUNT), index * BYTE_COUNT);
    if (length === longest.length) return;
    contexts.read(Uint8Array.from(group, (index) => prefixes[index]![length] ?? 0));
  }
}
