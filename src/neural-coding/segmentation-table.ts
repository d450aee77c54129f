import type { EntropyTable } from './entropy-table.js';
import { EntropyAutomaton } from './entropy-table-automaton.js';
import type { Segmenter } from './segmentation.js';
import { ruleFor, type SegmentationRequest } from './segmentation-calibration.js';
import { describeRule, segmentEnds } from './segmentation-rule.js';

/** Bytes of the largest document whose entropies are written where those of the one before were. */
const KEPT_ENTROPIES = 1 << 20;

/**
 * Cuts documents by an entropy table: in integers, the same on every machine.
 *
 * @throws ConfigError for a request out of range
 */
export function tableSegmenter(table: EntropyTable, request: SegmentationRequest): Segmenter {
  const automaton = new EntropyAutomaton(table);
  const rule = ruleFor(request, table.quantiles);
  const kept = new Uint16Array(KEPT_ENTROPIES);
  return {
    fingerprint: `table ${table.fingerprint}, ${describeRule(rule)}`,
    segment: (documents) =>
      documents.map((document) =>
        segmentEnds(document.length > kept.length ? automaton.run(document) : automaton.run(document, kept), rule),
      ),
  };
}
