import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MARKER_FILE } from '../../checkpoints/layout.js';
import { type CropWindows, openCropWindows } from '../../data/crops.js';
import { readDocuments } from '../../data/documents.js';
import type { DataOptions } from '../../data/options.js';
import { elementCount } from '../../graph/index.js';
import { ConfigError, DataError, InterruptedError } from '../../support/errors.js';
import { requireRawBytes } from '../../vocabulary/vocabulary.js';
import type { CheckpointedModel, ModelSettings } from '../checkpointed-model.js';
import { BreakdownBuilder } from './breakdown.js';
import { evaluateBpb } from './evaluate.js';
import type { BpbOptions } from './options.js';
import { documentsPlace, evaluatedCompression, type ShownDocument, showDocuments } from './representation.js';
import { type BpbConditions, type BpbModel, type BpbResults, bpbResults } from './results.js';
import { requireFreeResultsDirectory, writeResultsDirectory } from './results-directory.js';
import { ScoreJournal } from './score-journal.js';
import { Scorer } from './scorer.js';
import { chooseWindows, type Survey, surveyDocuments } from './survey.js';
import { windowCount } from './windows.js';

/** The settings of the run that are part of what its model was trained for. */
export interface TrainedSettings extends ModelSettings {
  seed: number;
  batch: { size: number; sequenceLength: number };
  loss: { documentMask: boolean };
}

export interface BpbRunRequest {
  opened: CheckpointedModel;
  /** As in the checkpoint's own configuration. */
  settings: TrainedSettings;
  options: BpbOptions;
  /** Folder or file of held-out documents. */
  data: string;
  onBadRecord: DataOptions['onBadRecord'];
  /** By default as the run. */
  precomputed?: DataOptions['precomputed'] | undefined;
  /** Directory of the results. */
  output: string;
  /** Replace results that stand there. */
  force: boolean;
  signal?: AbortSignal | undefined;
  /** Told of what the figures should be read with: windows longer than in training, codes that are taken unverified or not taken. */
  onNote?(message: string): void;
  /** Told of the windows that were scored before, by an evaluation that was interrupted. */
  onGoingOn?(windows: number): void;
  /** How far the two passes are: bytes read, then windows scored. */
  onProgress?(progress: { done: number; total?: number; unit: 'bytes' | 'windows' }): void;
}

/**
 * Evaluates a checkpoint on all of the data, in two passes: one that reads everything and chooses the windows, one that
 * scores them. Leaves a directory of results.
 *
 * @throws ConfigError for raw bytes of a model that never saw any, or windows that it cannot read; DataError for
 *   unusable or no data; CompressorError, BackendError; OutputError if the results cannot be written; the reason of
 *   `signal` when it is aborted. Then no results are left, but the scores beside their place that let it go on.
 */
export async function runBpbEvaluation(request: BpbRunRequest): Promise<BpbResults> {
  const { opened, settings, options, output, force, signal, onProgress } = request;
  if (options.rawOnly) requireRawBytes(opened.vocabulary);
  const representation = await representationOf(request);
  const cropWindows = await cropWindowsOf(options, representation.description);
  await requireFreeResultsDirectory(output, force);
  const survey = await surveyDocuments(representation.show(), {
    signal,
    onProgress: (done) => onProgress?.({ done, unit: 'bytes' }),
    crops: options.crops ? { context: options.context ?? settings.batch.sequenceLength, windows: cropWindows } : null,
  });
  requireDocuments(survey, request.data);
  const limits = { trained: settings.batch.sequenceLength, multiple: opened.model.lengthMultiple };
  const windows = chooseWindows(options, limits, survey);
  if (windows.context > limits.trained)
    request.onNote?.(
      `windows of ${windows.context} symbols are longer than the ${limits.trained} that the model was trained with: how it does beyond those it never learned`,
    );
  const total = options.crops ? survey.crops : windowCount(survey.symbols, windows);
  const documentMask = options.documentMask ?? settings.loss.documentMask;
  const scorer = await Scorer.open(opened.session, opened.model, {
    rows: Math.min(options.batchSize, total),
    context: windows.context,
    documentMask,
  });
  const results = await remembered(request, scorer, (score) =>
    writeResultsDirectory(output, force, async (lines) => {
      const breakdown = new BreakdownBuilder();
      const measured = await evaluateBpb({
        scorer: { shape: scorer.shape, score },
        documents: representation.show(),
        stride: windows.stride,
        crops: options.crops,
        cropWindows,
        signal,
        onDocument: async (document) => {
          breakdown.add(document);
          await lines.write(document);
        },
        onProgress: (done) => onProgress?.({ done, total, unit: 'windows' }),
      });
      const { seed } = settings;
      const costs = await breakdown.finish({ samples: options.bootstrapSamples, seed, signal });
      const conditions: BpbConditions = {
        representation: representation.description,
        ...windows,
        crops: options.crops,
        crops_at: cropWindows?.fingerprint ?? null,
        context_bytes: (windows.context * survey.bytes) / survey.symbols,
        context_bytes_wanted: options.contextBytes,
        document_mask: documentMask,
        context_seen: measured.context,
        windows: measured.windows,
        seed,
        data: request.data,
        skipped_records: representation.passedOver.bad,
        empty_records: representation.passedOver.empty,
      };
      const results = bpbResults(measured.total, costs, conditions, describeModel(request));
      return measured.positions === null ? results : { ...results, positions: measured.positions };
    }),
  );
  await scorer.dispose();
  return results;
}

/** Evaluates with the scores that an evaluation which was interrupted left, and leaves its own if it is. */
async function remembered(
  { opened, output, onGoingOn }: BpbRunRequest,
  scorer: Scorer,
  evaluate: (score: Scorer['score']) => Promise<BpbResults>,
): Promise<BpbResults> {
  const { checkpoint, computedBy } = opened;
  const weights = await readFile(join(checkpoint.path, MARKER_FILE), 'utf8');
  const identity = JSON.stringify([scorer.shape, scorer.digest, computedBy, weights]);
  const journal = await ScoreJournal.open(`${output}.unfinished`, identity);
  let told = false;
  const score = journal.remembering((windows) => {
    if (!told && journal.recalled > 0) onGoingOn?.(journal.recalled);
    told = true;
    return scorer.score(windows);
  });
  try {
    const results = await evaluate(score);
    await journal.remove();
    return results;
  } catch (error) {
    await journal.leave();
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(error.message, { hint: 'Run the same command again: it goes on.', cause: error });
  }
}

/** How the request's documents are shown to its model, as often as they are read. */
async function representationOf(request: BpbRunRequest) {
  const { opened, settings, options, data, onBadRecord } = request;
  const { vocabulary, checkpoint } = opened;
  const { addBos, addEos, rateUnit } = settings.data;
  const compression = evaluatedCompression(settings.data, checkpoint.step, options.rawOnly);
  const compressor = compression.rate > 0 ? await opened.compressor() : null;
  const precomputed = request.precomputed ?? settings.data.precomputed;
  const { path, codeField, note } = await documentsPlace(data, compressor, {
    codeField: settings.data.codeField,
    precomputed,
  });
  if (note !== null) request.onNote?.(note);
  const passedOver = { bad: 0, empty: 0 };
  return {
    description: { raw_only: options.rawOnly, ...compression, compressor: opened.trainedCompressor },
    /** Of the last reading. */
    passedOver,
    show(): AsyncGenerator<ShownDocument> {
      Object.assign(passedOver, { bad: 0, empty: 0 });
      const documents = readDocuments(path, { onBadRecord, codeField, passedOver });
      const symbols = { vocabulary, addBos, addEos };
      return showDocuments(documents, path, { compression, rateUnit, compressor, symbols, seed: settings.seed });
    },
  };
}

/** @throws ConfigError where compressed text is scored; CodebookError for a codebook that cannot be read */
async function cropWindowsOf({ cropsAt }: BpbOptions, { rate }: { rate: number }): Promise<CropWindows | null> {
  if (cropsAt === null) return null;
  if (rate > 0)
    throw new ConfigError('the windows of a codebook are windows of raw bytes, and compressed text is scored', {
      field: 'bpb.cropsAt',
      hint: 'Score raw bytes with --raw-only, or leave --crops-at out.',
    });
  return openCropWindows(cropsAt);
}

function requireDocuments({ documents }: Survey, data: string): void {
  if (documents > 0) return;
  throw new DataError('there is not one document to evaluate on', {
    file: data,
    hint: 'Its files are empty, or hold only empty or skipped documents. Choose others with --data.',
  });
}

function describeModel({ opened, settings }: BpbRunRequest): BpbModel {
  const { checkpoint, model, vocabulary } = opened;
  return {
    checkpoint: checkpoint.path,
    step: checkpoint.step,
    symbols_per_step: settings.batch.size * settings.batch.sequenceLength,
    trained_context: settings.batch.sequenceLength,
    architecture: settings.model.architecture,
    parameters: model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    prediction_heads: model.heads,
    raw_heads: model.rawHeads,
    vocabulary_size: vocabulary.size,
  };
}
