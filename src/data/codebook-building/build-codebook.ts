import { stat } from 'node:fs/promises';
import type { ProbabilityModel } from '../../neural-coding/byte-model.js';
import type { Codebook, CodebookProvenance } from '../../neural-coding/codebook.js';
import { readCodebook, writeCodebook } from '../../neural-coding/codebook-file.js';
import { compileCodebook } from '../../neural-coding/compile-codebook.js';
import { countShortContexts } from '../../neural-coding/counts-contexts.js';
import { type CountsModel, countsModel } from '../../neural-coding/counts-model.js';
import { randomStarts, windowStarts } from '../../neural-coding/counts-sample.js';
import { quantised } from '../../neural-coding/frequencies.js';
import { recordFrequencies } from '../../neural-coding/frequencies-file.js';
import { parserOf } from '../../neural-coding/phrase-counts.js';
import { QuantisationLoss } from '../../neural-coding/quantisation-loss.js';
import { refuseDirectory, refuseToOverwrite } from '../../support/output-failures.js';
import { type Corpus, readCorpus } from './corpus.js';
import { measureWindows } from './measure.js';
import type { BuildRound, CodebookBuildReport, CodebookBuildRequest, CountsRequest } from './options.js';

/** Largest share of the documents that is held out. */
const MOST_HELD_OUT = 0.01;
/**
 * Memory for each byte of text: itself, twice while pieces are joined, a quarter of the eight bytes of a starting position,
 * and as much again for what the collector has not yet taken back: 2.2 GB at most were measured for 315 MB.
 */
const MEMORY_PER_BYTE = 6;
/** Starting positions that are counted at, for each code: the rarest phrases are seen about so often. */
const STARTS_PER_CODE = 512;
/** A further round that gains less than this share is the last. */
const LEAST_GAIN = 5e-4;

/**
 * Builds a codebook from datasets and writes it. From counts it is the same for any number of workers; among the rounds the
 * one with the longest windows on held-out text is kept.
 *
 * @throws DataError for missing, damaged or empty data and for bad records, unless they are skipped; CodebookError for a
 *   codebook of starts that cannot be read; OutputError if the output exists (without `force`) or cannot be written; the
 *   signal's reason. Nothing is left then.
 */
export async function buildCodebook(request: CodebookBuildRequest): Promise<CodebookBuildReport> {
  const { output, windowBits, coder, signal } = request;
  for (const path of [output, ...(request.frequencies === null ? [] : [request.frequencies])]) {
    await refuseToOverwrite(path, request.force);
    await refuseDirectory(path);
  }
  const begun = performance.now();
  const corpus = await corpusOf(request);
  const reading = (performance.now() - begun) / 1000;
  const builder = new RoundBuilder(request, corpus.heldOut);
  let best: BuiltRound;
  if (request.source === 'm1') {
    const provenance = { source: 'm1', modelFingerprint: request.model.fingerprint, corpus: request.corpus } as const;
    best = await builder.build(request.model, provenance);
  } else best = await buildFromCounts(request, corpus, builder);
  signal?.throwIfAborted();
  const write = () => writeCodebook(output, best.codebook, { replace: request.force });
  if (request.frequencies === null) await write();
  else await writeFrequencies(best, request.frequencies, write, signal);
  const { size: fileBytes } = await stat(output);
  const { documents, textBytes, passedOver, sample } = corpus;
  return {
    output,
    fingerprint: best.codebook.fingerprint,
    fileBytes,
    source: request.source,
    windowBits,
    coder,
    documents,
    textBytes,
    sampleBytes: sample.bytes.length,
    passedOver,
    rounds: builder.rounds,
    kept: builder.rounds.indexOf(best.round),
    seconds: { reading },
  };
}

/**
 * Compiles again, for of several rounds the best one is not known before. The codebook is written when all frequencies are,
 * before their file gets its name: where either fails, neither is left.
 */
async function writeFrequencies(
  { model, codebook }: BuiltRound,
  path: string,
  writeTheCodebook: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { provenance } = codebook;
  await recordFrequencies(path, quantised(model, codebook.windowBits), async (recorded) => {
    await compileCodebook(recorded, codebook, { provenance, signal });
    await writeTheCodebook();
  });
}

interface BuiltRound {
  model: ProbabilityModel;
  codebook: Codebook;
  round: BuildRound;
}

async function buildFromCounts(request: CountsRequest, corpus: Corpus, builder: RoundBuilder): Promise<BuiltRound> {
  const { starts: firstStarts, seed, rounds, windowBits, signal, progress } = request;
  const { sample } = corpus;
  const contexts = countShortContexts(sample);
  let previous = firstStarts === 'random' ? null : await readCodebook(firstStarts.codebook);
  let best: BuiltRound | null = null;
  for (let round = 1; round <= rounds; round++) {
    const begun = performance.now();
    const at = previous === null ? 'random' : 'windows';
    const chosen = { most: STARTS_PER_CODE * 2 ** windowBits, seed };
    const starts = previous === null ? randomStarts(sample, chosen) : windowStarts(sample, parserOf(previous), chosen);
    const counted = starts.length;
    const onLevel = (depth: number): void => progress?.({ phase: 'count', round, depth });
    const model: CountsModel = await countsModel(sample, starts, { contexts, windowBits, signal, onLevel });
    const counting = (performance.now() - begun) / 1000;
    const built: BuiltRound = await builder.build(
      model,
      { source: 'counts', modelFingerprint: model.fingerprint, corpus: describeCorpus(corpus) },
      { starts: at, counted: { starts: counted, strings: model.nodes }, counting },
    );
    previous = built.codebook;
    const gain: number = best === null ? Number.POSITIVE_INFINITY : gainOf(built, best);
    if (gain > 0) best = built;
    if (gain < LEAST_GAIN) break;
  }
  return best!;
}

/** How much longer windows became, as a share. Without held-out text the last round is taken for the best. */
function gainOf(after: BuiltRound, before: BuiltRound): number {
  const [lengthAfter, lengthBefore] = [after, before].map(({ round }) => round.heldOut?.bytesPerWindow ?? null);
  if (lengthAfter == null || lengthBefore == null) return Number.POSITIVE_INFINITY;
  return lengthAfter / lengthBefore - 1;
}

/** Compiles and measures one codebook after the other. */
class RoundBuilder {
  readonly rounds: BuildRound[] = [];

  constructor(
    private readonly request: CodebookBuildRequest,
    private readonly heldOut: readonly Uint8Array[],
  ) {}

  async build(
    model: ProbabilityModel,
    provenance: CodebookProvenance,
    counts: { starts: BuildRound['starts']; counted: BuildRound['counted']; counting: number } = {
      starts: null,
      counted: null,
      counting: 0,
    },
  ): Promise<BuiltRound> {
    const { windowBits, coder, signal, progress, validation, onBadRecord } = this.request;
    const round = this.rounds.length + 1;
    const begun = performance.now();
    const loss = new QuantisationLoss();
    const codebook = await compileCodebook(
      quantised(model, windowBits),
      { windowBits, coder },
      {
        provenance,
        loss,
        signal,
        onProgress: ({ asked, found }) => progress?.({ phase: 'compile', round, asked, found }),
      },
    );
    const compiled = performance.now();
    progress?.({ phase: 'measure', round });
    const source = validation === null ? this.heldOut : { path: validation, onBadRecord };
    const heldOut = await measureWindows(codebook, source, { signal });
    const { starts, counted, counting } = counts;
    const measuring = (performance.now() - compiled) / 1000;
    const built: BuildRound = {
      starts,
      counted,
      strings: codebook.codes.length - 1,
      phrases: codebook.codes.reduce((sum, code) => (code < 0 ? sum : sum + 1), 0),
      quantisationLoss: { bitsPerByte: loss.perByte, bitsPerWindow: loss.perWindow },
      heldOut: heldOut.documents === 0 ? null : heldOut,
      seconds: { counting, compiling: (compiled - begun) / 1000, measuring },
    };
    this.rounds.push(built);
    return { model, codebook, round: built };
  }
}

/** What is kept of the datasets; a trained model needs the held-out documents only. */
function corpusOf(request: CodebookBuildRequest): Promise<Corpus> {
  const { source, memoryBytes, validation, heldOutBytes, progress } = request;
  return readCorpus({
    ...request,
    mostBytes: source === 'counts' ? Math.floor(memoryBytes / MEMORY_PER_BYTE) : null,
    heldOut: { bytes: heldOutBytes, share: validation === null ? MOST_HELD_OUT : 0 },
    progress: (bytes, totalBytes) => progress?.({ phase: 'read', bytes, totalBytes }),
  });
}

function describeCorpus({ names, sample, textBytes, documents }: Corpus): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return `${names}: ${megabytes(sample.bytes.length)} of ${megabytes(textBytes)} in ${documents} documents`;
}
