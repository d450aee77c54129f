/** How far the boundaries of one segmenter are those of another. */
export interface BoundaryAgreement {
  /** Boundaries within documents that the exact segmenter sets. */
  exact: number;
  /** Those that the other sets. */
  found: number;
  /** Those at the same bytes. */
  common: number;
  /** Share of the other's boundaries that are exact; 1 if it sets none. */
  precision: number;
  /** Share of the exact ones that the other sets; 1 if there are none. */
  recall: number;
  /** Harmonic mean of the two. */
  f1: number;
}

/**
 * Compares segments of the same documents. The end of a document is no boundary: both have it.
 *
 * @param exact ends of each document's segments, as a `Segmenter` gives them
 * @param found of the same documents, in the same order
 */
export function boundaryAgreement(exact: readonly Uint32Array[], found: readonly Uint32Array[]): BoundaryAgreement {
  const counts = { exact: 0, found: 0, common: 0 };
  exact.forEach((ends, document) => {
    const others = found[document]!;
    counts.exact += inner(ends);
    counts.found += inner(others);
    counts.common += inCommon(ends.subarray(0, inner(ends)), others.subarray(0, inner(others)));
  });
  const precision = counts.found === 0 ? 1 : counts.common / counts.found;
  const recall = counts.exact === 0 ? 1 : counts.common / counts.exact;
  const f1 = counts.exact + counts.found === 0 ? 1 : (2 * counts.common) / (counts.exact + counts.found);
  return { ...counts, precision, recall, f1 };
}

const inner = (ends: Uint32Array): number => Math.max(0, ends.length - 1);

/** Numbers that are in both of two ascending lists. */
function inCommon(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) common++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return common;
}
