import { encodeModelQuantiles } from '../../neural-coding/entropy-quantiles-file.js';
import { EntropyAutomaton } from '../../neural-coding/entropy-table-automaton.js';
import { buildContexts } from '../../neural-coding/entropy-table-contexts.js';
import { encodeEntropyTable, makeEntropyTable } from '../../neural-coding/entropy-table-file.js';
import { boundaryAgreement } from '../../neural-coding/segmentation-agreement.js';
import { EntropyHistogram, ruleFor, type SegmentationRequest } from '../../neural-coding/segmentation-calibration.js';
import { measuredEntropies } from '../../neural-coding/segmentation-entropy.js';
import { segmentEnds } from '../../neural-coding/segmentation-rule.js';
import { writeFilesAtomic } from '../../support/atomic-files.js';
import { refuseDirectory, refuseToOverwrite } from '../../support/output-failures.js';
import { readCorpus } from '../codebook-building/corpus.js';
import type { CorpusSample } from '../codebook-building/sample.js';
import type { EntropyTableReport, EntropyTableRequest, SegmentStatistics } from './options.js';

/** Largest share of the documents that is held out. */
const MOST_HELD_OUT = 0.02;
/** Documents of about so many bytes are asked of a model in one call, so that its batches are full. */
const COMPARED_AT_ONCE = 1 << 17;

/**
 * Builds an entropy table from datasets and writes it. The same for any number of workers. Its quantiles are those of text
 * that is held out, or where the data are too small for that, of the text that is counted.
 *
 * @throws DataError for missing, damaged or empty data and for bad records, unless they are skipped; ConfigError for
 *   options out of range; OutputError if an output exists (without `force`) or cannot be written; the signal's reason.
 *   Nothing is left then.
 */
export async function buildEntropyTable(request: EntropyTableRequest): Promise<EntropyTableReport> {
  const { output, force, segmentation, comparison, signal, progress } = request;
  const quantilesOutput = comparison?.quantilesOutput ?? null;
  for (const path of [output, ...(quantilesOutput === null ? [] : [quantilesOutput])]) {
    await refuseToOverwrite(path, force);
    await refuseDirectory(path);
  }

  const begun = performance.now();
  const { sample, heldOut, names, ...corpus } = await readCorpus({
    ...request,
    mostBytes: request.sampleBytes,
    heldOut: { bytes: request.heldOutBytes, share: MOST_HELD_OUT },
    progress: (bytes, totalBytes) => progress?.({ phase: 'read', bytes, totalBytes }),
  });
  const read = performance.now();
  const trie = await buildContexts(sample, {
    ...request,
    onProgress: (bytes, totalBytes) => progress?.({ phase: 'count', bytes, totalBytes }),
  });
  const counted = performance.now();

  const automaton = new EntropyAutomaton(trie);
  const calibrationTexts = heldOut.length > 0 ? heldOut : documentsOf(sample);
  const calibrated = calibrate(
    segmentation,
    calibrationTexts.map((text) => automaton.run(text)),
  );
  const { quantiles, statistics, bytes: calibrationBytes } = calibrated;
  const provenance = { corpus: names, countedBytes: sample.bytes.length, calibrationBytes };
  const table = makeEntropyTable(trie, quantiles, provenance);

  const compared =
    comparison === null ? null : await compare(request, comparison, calibrationTexts, automaton, statistics);
  const comparing = (performance.now() - counted) / 1000;
  signal?.throwIfAborted();
  const ofModel =
    compared === null || quantilesOutput === null
      ? []
      : [{ path: quantilesOutput, content: encodeModelQuantiles(compared.quantiles) }];
  await writeFilesAtomic([{ path: output, content: encodeEntropyTable(table) }, ...ofModel]);
  return {
    output,
    fingerprint: table.fingerprint,
    ...corpus,
    contexts: trie.bytes.length,
    countedBytes: sample.bytes.length,
    calibrationBytes,
    segments: statistics,
    comparison: compared?.report ?? null,
    seconds: { reading: (read - begun) / 1000, counting: (counted - read) / 1000, comparing },
  };
}

/** Quantiles of the entropies of some documents, and what segments they make of them. */
function calibrate(segmentation: SegmentationRequest, entropies: readonly Uint16Array[]) {
  const histogram = new EntropyHistogram();
  for (const document of entropies) histogram.add(document);
  const quantiles = histogram.quantiles();
  const rule = ruleFor(segmentation, quantiles);
  const ends = entropies.map((document) => segmentEnds(document, rule));
  const bytes = histogram.countedBytes;
  const segments = ends.reduce((sum, { length }) => sum + length, 0);
  const statistics: SegmentStatistics = { rule, meanBits: histogram.meanBits, bytesPerSegment: bytes / segments };
  return { quantiles, statistics, bytes, ends };
}

async function compare(
  { segmentation, signal, progress }: EntropyTableRequest,
  { model, bytes: mostBytes }: NonNullable<EntropyTableRequest['comparison']>,
  texts: readonly Uint8Array[],
  automaton: EntropyAutomaton,
  { rule }: SegmentStatistics,
) {
  const chosen = upTo(texts, mostBytes);
  const totalBytes = chosen.reduce((sum, { length }) => sum + length, 0);
  const entropies: Uint16Array[] = [];
  let bytes = 0;
  for (let next = 0; next < chosen.length; ) {
    signal?.throwIfAborted();
    const together = upTo(chosen.slice(next), COMPARED_AT_ONCE);
    entropies.push(...(await measuredEntropies(model, together)));
    next += together.length;
    bytes += together.reduce((sum, { length }) => sum + length, 0);
    progress?.({ phase: 'compare', bytes, totalBytes });
  }
  const exact = calibrate(segmentation, entropies);
  const found = chosen.map((text) => segmentEnds(automaton.run(text), rule));
  const { fingerprint: modelFingerprint } = model;
  return {
    quantiles: { ...exact.quantiles, modelFingerprint, calibrationBytes: exact.bytes },
    report: { ...boundaryAgreement(exact.ends, found), modelFingerprint, bytes: exact.bytes, model: exact.statistics },
  };
}

/** The first texts that are together no longer than this; at least one. */
function upTo(texts: readonly Uint8Array[], mostBytes: number): Uint8Array[] {
  let bytes = 0;
  const end = texts.findIndex((text) => {
    bytes += text.length;
    return bytes > mostBytes;
  });
  return texts.slice(0, end < 0 ? texts.length : Math.max(1, end));
}

function documentsOf({ bytes, ends }: CorpusSample['sample']): Uint8Array[] {
  return Array.from(ends, (end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}
