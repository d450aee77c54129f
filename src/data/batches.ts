import type { HostTensor } from '../graph/tensor.js';
import { buildInputs, type InputSpec } from '../models/inputs.js';
import type { Compressor } from '../plugins/contracts.js';
import { CheckpointError, ConfigError, DataError } from '../support/errors.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';
import { type BatchStatistics, emptyStatistics } from './batch-statistics.js';
import { trainedRepresentations } from './compression-schedule.js';
import { type CropWindows, trainingCropWindows } from './crops.js';
import { DataSource, type DocumentStream } from './document-stream.js';
import type { Encoder } from './encoding.js';
import type { MixtureSource } from './mixture.js';
import type { BatchOptions, DataOptions } from './options.js';
import { type CodePlace, locateCodes, locateSameCodes } from './precomputed.js';
import { Row, type RowOptions, type RowState, sharedSymbols } from './row.js';

/** Rows of the global batch, and how they are split. */
export type BatchShape = Pick<BatchOptions, 'size' | 'accumulation' | 'sequenceLength'>;

/** What determines the batches of a run. Plain data: it is sent to the loader's thread. */
export interface BatchSettings {
  sources: MixtureSource[];
  data: Pick<
    DataOptions,
    | 'mix'
    | 'rate'
    | 'rateUnit'
    | 'schedule'
    | 'addBos'
    | 'addEos'
    | 'crop'
    | 'codeField'
    | 'precomputed'
    | 'onBadRecord'
    | 'shuffle'
    | 'blockBytes'
  >;
  batch: BatchShape;
  seed: number;
  vocabulary: VocabularyLayout;
  /** How rows become inputs; the loader knows how many rows and how long. */
  inputs: Pick<InputSpec, 'views' | 'documentMask' | 'multibyteWeights'>;
  /** This process among those that share the batches. */
  ranks: { rank: number; world: number };
}

/** The data of one optimizer step, as far as this process trains on it. */
export interface Batch {
  /** Optimizer step, from 0. */
  step: number;
  /** Micro-batch a has this process's share of rows a·R/A … (a+1)·R/A − 1 of the global batch of R rows. */
  microBatches: { inputs: Record<string, HostTensor> }[];
  /** Of this process's rows. */
  statistics: BatchStatistics;
  /** Where loading goes on once this batch has been trained on. */
  state: LoaderState;
}

/** Raised when saved states get another meaning. */
const STATE_VERSION = 1;

/** The loader's state after a batch; of several processes' states, `mergeLoaderStates` makes the whole. Plain JSON. */
export interface LoaderState {
  version: typeof STATE_VERSION;
  /** Optimizer step of the next batch. */
  step: number;
  /** Of the compressor, whose codes the row's places depend on. */
  compressor: string;
  /** Of each source's partition. */
  sources: Record<string, string>;
  /** Of the codebook at whose windows crops begin, where they do. */
  cropWindows?: string;
  /** By number of the row in the global batch. */
  rows: Record<string, RowState>;
}

/** The state of the global batch from those of all processes, after the same step. */
export function mergeLoaderStates(states: readonly LoaderState[]): LoaderState {
  const [first] = states;
  if (first === undefined || states.some(({ step }) => step !== first.step)) {
    throw new RangeError('states can be merged that come after the same step');
  }
  return { ...first, rows: Object.assign({}, ...states.map(({ rows }) => rows)) };
}

/**
 * The rows of the global batch that a process owns, micro-batch by micro-batch. Every micro-batch is shared evenly, so
 * that it has the same rows in all, and the same loss, for any number of processes.
 *
 * @throws ConfigError if the rows of a micro-batch cannot be shared evenly
 */
export function ownedRows({ size, accumulation }: BatchShape, ranks: BatchSettings['ranks']): number[][] {
  const rowsOfMicroBatch = size / accumulation;
  const share = rowsOfMicroBatch / ranks.world;
  if (!Number.isInteger(share)) {
    throw new ConfigError(
      `${ranks.world} processes cannot share the ${rowsOfMicroBatch} rows of a micro-batch evenly`,
      { field: 'batch.size', hint: 'Make batch.size a multiple of batch.accumulation times the number of processes.' },
    );
  }
  return Array.from({ length: accumulation }, (_, microBatch) =>
    Array.from({ length: share }, (_, i) => microBatch * rowsOfMicroBatch + ranks.rank * share + i),
  );
}

/** What else the places of rows depend on. */
type Fingerprints = Pick<LoaderState, 'compressor' | 'sources' | 'cropWindows'>;

interface OpenRow {
  number: number;
  row: Row;
}

/** Makes batches, one step after another. Not a thread of its own: see `openLoader`. */
export class BatchAssembler {
  private constructor(
    private readonly settings: BatchSettings,
    private readonly fingerprints: Fingerprints,
    private readonly microBatches: readonly (readonly OpenRow[])[],
    private step: number,
  ) {}

  /**
   * Opens the sources and places every row: at its beginning, or where `state` left it. Sources may be added, removed
   * and weighted anew between the two; nothing else may change that decides what a place means.
   *
   * @param log told of codes that are taken unverified, or not taken
   * @throws DataError for sources that are missing, empty or no longer what they were, or codes of another compressor; ConfigError for settings that
   *   contradict each other or the state; CodebookError for a codebook of crops that cannot be read; CheckpointError for a state of another version of this program
   */
  static async open(
    settings: BatchSettings,
    compressor: Encoder & Pick<Compressor, 'fingerprint'>,
    state: LoaderState | null,
    log: (message: string) => void = () => {},
  ): Promise<BatchAssembler> {
    if (state !== null) requireVersion(state);
    const rows = ownedRows(settings.batch, settings.ranks);
    const sources = new Map<string, { weight: number; source: DataSource }>();
    for (const { name, path: dataset, weight } of settings.sources) {
      const { path, codeField, note } = await placeOf(dataset, settings, compressor, state?.sources[name]);
      if (note !== null) log(note);
      const options = { ...settings.data, codeField, seed: settings.seed };
      const source = await DataSource.open(name, path, settings.batch.size, options);
      sources.set(name, { weight, source });
    }
    const windows = await trainingCropWindows(settings.data.crop);
    const fingerprints = {
      compressor: compressor.fingerprint,
      sources: Object.fromEntries([...sources].map(([name, { source }]) => [name, source.partition.fingerprint])),
      ...(windows !== null && { cropWindows: windows.fingerprint }),
    };
    if (state !== null) checkState(state, settings, fingerprints);
    const options = rowOptions(settings, compressor, windows);
    const openRow = async (number: number): Promise<OpenRow> => {
      const streams = new Map<string, { weight: number; stream: DocumentStream }>();
      for (const [name, { weight, source }] of sources) streams.set(name, { weight, stream: source.stream(number) });
      const saved = state?.rows[number];
      const row = saved
        ? await Row.resume(options, streams, saved)
        : Row.begin(options, streams, settings.seed, number);
      return { number, row };
    };
    const opened: OpenRow[][] = [];
    for (const numbers of rows) {
      const microBatch: OpenRow[] = [];
      for (const number of numbers) microBatch.push(await openRow(number));
      opened.push(microBatch);
    }
    return new BatchAssembler(settings, fingerprints, opened, state?.step ?? 0);
  }

  /** @throws DataError, CompressorError: what `Row.next` throws */
  async next(): Promise<Batch> {
    const { views } = this.settings.inputs;
    const { sequenceLength } = this.settings.batch;
    const stride = sequenceLength + views - 1;
    const statistics = emptyStatistics();
    const microBatches: Batch['microBatches'] = [];
    for (const rows of this.microBatches) {
      const sequences = new Int32Array(rows.length * stride);
      for (const [i, { row }] of rows.entries()) {
        await row.next(this.step, sequences.subarray(i * stride, (i + 1) * stride), statistics);
      }
      const spec: InputSpec = { ...this.settings.inputs, sequenceLength, rows: rows.length };
      microBatches.push({ inputs: buildInputs(spec, sequences) });
    }
    const step = this.step++;
    return { step, microBatches, statistics, state: this.state() };
  }

  async close(): Promise<void> {
    for (const { row } of this.microBatches.flat()) await row.close();
  }

  private state(): LoaderState {
    const rows = this.microBatches.flat().map(({ number, row }) => [number, row.state()] as const);
    return { version: STATE_VERSION, step: this.step, ...this.fingerprints, rows: Object.fromEntries(rows) };
  }
}

/** @param saved fingerprint of the source that rows go on with */
async function placeOf(
  dataset: string,
  { data, batch }: BatchSettings,
  compressor: Encoder & Pick<Compressor, 'fingerprint'>,
  saved: string | undefined,
): Promise<CodePlace> {
  if (!trainedRepresentations(data).compressed) return { path: dataset, codeField: null, note: null };
  if (saved === undefined) return locateCodes(dataset, compressor, data);
  const partition = { rows: batch.size, blockBytes: data.blockBytes };
  return locateSameCodes(dataset, compressor, data, saved, partition);
}

function rowOptions(
  { data, batch, inputs, vocabulary }: BatchSettings,
  compressor: Encoder,
  windows: CropWindows | null,
): RowOptions {
  return {
    sequenceLength: batch.sequenceLength,
    views: inputs.views,
    compression: data,
    rateUnit: data.rateUnit,
    crop: data.crop && { every: data.crop.every, windows },
    compressor,
    symbols: { vocabulary, addBos: data.addBos, addEos: data.addEos },
  };
}

function requireVersion(state: LoaderState): void {
  // Of what was read from a file, the type says only what it should be.
  const version: unknown = state.version;
  if (version !== STATE_VERSION) {
    throw new CheckpointError(`the saved batches are of version ${version}, not ${STATE_VERSION}`, {
      field: 'loader.version',
      hint: 'Resume with the version of this program that began the run.',
    });
  }
}

function checkState(state: LoaderState, { batch, data, inputs }: BatchSettings, fingerprints: Fingerprints): void {
  const rows = Object.values(state.rows);
  if (rows.length !== batch.size) {
    throw new ConfigError(`the saved batches have ${rows.length} rows, not ${batch.size}`, {
      field: 'batch.size',
      hint: 'Resume with the batch size that the run began with.',
    });
  }
  if (rows.some(({ pending }) => pending.length !== sharedSymbols({ ...inputs, ...data }))) {
    throw new ConfigError('the saved batches were made for another number of prediction heads', {
      field: 'model.predictionHeads',
      hint: 'Resume with the model that the run began with.',
    });
  }
  if (state.compressor !== fingerprints.compressor) {
    throw new ConfigError(
      `the saved batches were made with the compressor ${state.compressor}, not ${fingerprints.compressor}`,
      { field: 'data.compressor', hint: 'Resume with the compressor and the options that the run began with.' },
    );
  }
  if (state.cropWindows !== fingerprints.cropWindows) {
    const [saved, now] = [state.cropWindows, fingerprints.cropWindows].map((each) =>
      each === undefined ? 'anywhere' : `at the windows of the codebook ${each.slice(0, 12)}`,
    );
    throw new ConfigError(`the crops of the saved batches begin ${saved}, not ${now}`, {
      field: 'data.crop.starts',
      hint: 'Resume with the codebook that the run began with, or start a new run from its weights.',
    });
  }
  for (const [name, fingerprint] of Object.entries(fingerprints.sources)) {
    const saved = state.sources[name];
    if (saved === undefined || saved === fingerprint) continue;
    throw new DataError(`the source "${name}" is not what it was: its files or data.blockBytes changed`, {
      field: `data.sources.${name}`,
      hint: 'Restore the files as they were, or give the changed data another name: it then begins as a new source.',
    });
  }
}
