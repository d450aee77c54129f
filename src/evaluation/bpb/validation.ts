import { type CropWindows, trainingCropWindows } from '../../data/crops.js';
import { listDataFiles } from '../../data/data-files.js';
import { readDocuments } from '../../data/documents.js';
import type { DataOptions } from '../../data/options.js';
import type { LanguageModel } from '../../models/index.js';
import type { Compressor, Session } from '../../plugins/contracts.js';
import { ConfigError, DataError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { type BpbMeasurement, evaluateBpb } from './evaluate.js';
import { documentsPlace, evaluatedCompression, showDocuments } from './representation.js';
import { Scorer } from './scorer.js';

export interface ValidationRequest {
  /** Holds the parameters of the model; they may change between measurements. */
  session: Session;
  model: LanguageModel;
  vocabulary: VocabularyLayout;
  /** Only asked where no raw text is trained on, so that the training representation is scored. */
  compressor: Compressor;
  data: DataOptions;
  seed: number;
  /** Windows of a batch, symbols of a window, and whether attention stays within documents: best as in training. */
  rows: number;
  context: number;
  documentMask: boolean;
  /** Batches of one measurement. */
  batches: number;
}

/** Held-out text that a model is measured on again and again while it is trained: the first documents, always the same. */
export class Validation {
  private constructor(
    private readonly request: ValidationRequest,
    private readonly path: string,
    private readonly scorer: Scorer,
    private readonly cropWindows: CropWindows | null,
  ) {}

  /**
   * @throws ConfigError if no held-out data is configured, or the model cannot read such windows; CodebookError for a
   *   codebook of crops that cannot be read
   */
  static async open(request: ValidationRequest): Promise<Validation> {
    const { session, model, rows, context, documentMask } = request;
    const path = requireHeldOut(request.data.validation);
    const cropWindows = await trainingCropWindows(request.data.crop);
    const scorer = await Scorer.open(session, model, { rows, context, documentMask });
    return new Validation(request, path, scorer, cropWindows);
  }

  /**
   * What the model costs on raw bytes, or in its training representation where it was trained on no raw text.
   *
   * @param step optimizer steps that the model was trained for
   */
  async measure(step: number, signal?: AbortSignal): Promise<BpbMeasurement> {
    const { data, vocabulary, compressor, seed, context, batches } = this.request;
    const compression = evaluatedCompression(data, step, vocabulary.rawIncluded);
    const { path, codeField } = await documentsPlace(this.path, compression.rate > 0 ? compressor : null, data);
    const documents = readDocuments(path, { onBadRecord: data.onBadRecord, codeField });
    const shown = showDocuments(documents, path, {
      compression,
      rateUnit: data.rateUnit,
      compressor,
      symbols: { vocabulary, addBos: data.addBos, addEos: data.addEos },
      seed,
    });
    return evaluateBpb({
      scorer: this.scorer,
      documents: shown,
      stride: context,
      crops: data.crop !== null,
      cropWindows: this.cropWindows,
      batches,
      signal,
    });
  }

  async dispose(): Promise<void> {
    await this.scorer.dispose();
  }
}

/**
 * Looks whether there is held-out text to validate on, so that a run finds out before its first step that there is none.
 * Text in the representation of training may come from preprocessed data instead, and is looked for when it is read.
 *
 * @throws ConfigError if the project has no held-out data; DataError if it is not there
 */
export async function requireValidationText(
  data: Pick<DataOptions, 'validation'>,
  vocabulary: Pick<VocabularyLayout, 'rawIncluded'>,
): Promise<void> {
  const path = requireHeldOut(data.validation);
  if (!vocabulary.rawIncluded) return;
  if (!(await exists(path)))
    throw new DataError('there is no held-out text here', {
      file: path,
      field: 'data.validation',
      hint: MAKE_HELD_OUT,
    });
  await listDataFiles(path);
}

const MAKE_HELD_OUT =
  'Set data.validation to a folder or file of held-out documents. `pc data import DIR --validation 0.1` makes one as data/validation; `pc init` begins a project that names it.';

/** @throws ConfigError if the project has no held-out data */
export function requireHeldOut(path: string | null): string {
  if (path !== null) return path;
  throw new ConfigError('there is no held-out text to evaluate on', {
    field: 'data.validation',
    hint: MAKE_HELD_OUT,
  });
}
