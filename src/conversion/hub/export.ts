import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Checkpoint, trainedVocabularyOf } from '../../checkpoints/index.js';
import { elementCount } from '../../graph/index.js';
import { writeDirectoryAtomic } from '../../support/atomic-files.js';
import { writeFileDurably } from '../../support/durable-files.js';
import { type DirectoryKind, requireReplaceable } from '../../support/replaceable-directory.js';
import { removeStaleTemporaries } from '../../support/temporaries.js';
import { BOS, COMPRESSED_END, EOS, PAD, RAW_END } from '../../vocabulary/layout.js';
import { checkpointSource } from '../checkpoint-source.js';
import { WEIGHT_TYPES, type WeightType } from '../float-elements.js';
import { PROVENANCE_KEY, type Provenance, provenanceOf } from '../provenance.js';
import { requireSources } from '../tensor-plan.js';
import { scoresOf, type TrainedRun } from '../trained-run.js';
import { BYTE_TOKENIZER_CONFIG, byteTokenizer } from './byte-tokenizer.js';
import { EVABYTE_TOKENIZER } from './evabyte.js';
import { toHub } from './families.js';
import { HUB_CONFIG_FILE } from './hub-config.js';
import type { HubModel, RawHeadMode } from './hub-model.js';
import { type WrittenWeights, writeHubWeights } from './hub-shards.js';
import { modelCard } from './model-card.js';
import { tokenTokenizer } from './token-tokenizer.js';

export interface HubExportRequest {
  checkpoint: Checkpoint;
  /** Its configuration. */
  run: TrainedRun;
  /** Where the run's evaluations are; null: it is not known. */
  runDirectory: string | null;
  /** The file of the tokenizer whose tokens the model was trained on; null: there is none, or it is not at hand. */
  tokenizerFile: string | null;
  /** Directory to write. */
  output: string;
  dtype: WeightType;
  rawHeads: RawHeadMode;
  /** Largest file of weights, in bytes. */
  shardBytes: number;
  force: boolean;
  signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

export interface HubExportReport {
  output: string;
  architecture: string;
  dtype: WeightType;
  tensors: number;
  parameters: number;
  /** Of the weights. */
  bytes: number;
  files: string[];
  /** Parts that the published model has no place for. */
  leftOut: string[];
}

/** A directory with a model as the hub has them. */
const HUB_MODEL: DirectoryKind = {
  content: 'a model of the hub',
  isOneOf: async (directory) => {
    const names: string[] = await readdir(directory).catch(() => []);
    return names.includes(HUB_CONFIG_FILE) && names.some((name) => name.endsWith('.safetensors'));
  },
  hint: 'Choose another path with -o.',
};

/**
 * Writes a checkpoint's model as a directory that `transformers` loads. It has its name only when it is complete; a
 * few MiB are in memory at a time.
 *
 * @throws CheckpointError if the checkpoint is damaged, is of another model than its configuration says, or has values
 *   too large for the type; UsageError if raw heads are to be merged and cannot be; OutputError if the directory exists
 *   or cannot be written; the reason of `signal` when it is aborted
 */
export async function exportToHub(request: HubExportRequest): Promise<HubExportReport> {
  const { checkpoint, run, output, dtype, force } = request;
  const { layout, compressor } = trainedVocabularyOf(checkpoint);
  const model = toHub(run.model, layout, run.batch.sequenceLength, request.rawHeads);
  const names = model.plans.flatMap(({ runs }) => runs.map(({ source }) => source));
  const source = checkpointSource(checkpoint, names);
  requireSources(model.plans, source, {
    isIgnored: () => false,
    hint: 'Its config.yaml describes another model than its weights: use the files of one and the same run.',
  });
  await requireReplaceable(output, force, HUB_MODEL);
  await removeStaleTemporaries(dirname(resolve(output)));
  const parameters = model.plans.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const scores = request.runDirectory === null ? [] : await scoresOf(request.runDirectory, checkpoint.step);
  const card = modelCard({
    name: basename(resolve(output)),
    run,
    step: checkpoint.step,
    parameters,
    vocabulary: model.vocabulary,
    compressor,
    dtype,
    leftOut: model.leftOut,
    scores,
  });
  const provenance = provenanceOf(checkpoint.step, run, model.vocabulary, compressor);
  const texts = { ...(await jsonFiles(model, provenance, request)), 'README.md': card };
  let weights: WrittenWeights = { files: [], bytes: 0 };
  await writeDirectoryAtomic(
    output,
    async (temporary) => {
      for (const [name, text] of Object.entries(texts)) await writeFileDurably(join(temporary, name), text);
      weights = await writeHubWeights(temporary, { ...request, plans: model.plans, source });
    },
    { replace: force },
  ).finally(() => source.close());
  return {
    output,
    architecture: run.model.architecture,
    dtype,
    tensors: model.plans.length,
    parameters,
    bytes: weights.bytes,
    files: [...Object.keys(texts), ...weights.files].sort(),
    leftOut: model.leftOut,
  };
}

async function jsonFiles(
  model: HubModel,
  provenance: Provenance,
  { run, dtype, tokenizerFile }: HubExportRequest,
): Promise<Record<string, string>> {
  const files: Record<string, object> = {
    [HUB_CONFIG_FILE]: { ...model.config, torch_dtype: WEIGHT_TYPES[dtype].torch, [PROVENANCE_KEY]: provenance },
    'generation_config.json': generationConfig(provenance),
    ...(model.vocabulary.rawIncluded ? ofBytes(run) : await ofTokens(tokenizerFile, model, provenance)),
  };
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}

/** Models end documents with EOS; text between sentinels has ended before it. */
function generationConfig({ data: { mix }, vocabulary: { layout } }: Provenance): object {
  const textEnd = layout.rawIncluded ? RAW_END : COMPRESSED_END;
  return { bos_token_id: BOS, eos_token_id: mix === 'vanilla' ? EOS : [EOS, textEnd], pad_token_id: PAD };
}

function ofBytes({ model }: TrainedRun): Record<string, object> {
  return model.architecture === 'evabyte'
    ? { 'tokenizer_config.json': EVABYTE_TOKENIZER }
    : { 'tokenizer.json': byteTokenizer(), 'tokenizer_config.json': BYTE_TOKENIZER_CONFIG };
}

async function ofTokens(
  file: string | null,
  { vocabulary: layout }: HubModel,
  { data: { addBos, mix } }: Provenance,
): Promise<Record<string, object>> {
  const made = file === null ? null : await tokenTokenizer(file, { layout, addBos, mix });
  return made === null ? {} : { 'tokenizer.json': made.tokenizer, 'tokenizer_config.json': made.config };
}
