import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { createModel, type ModelOptions, modelOptions, vocabularySizes } from '../../models/index.js';
import { CheckpointError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import { BYTE_COUNT, RAW_LIMIT, RAW_OFFSET } from '../../vocabulary/layout.js';
import { type HubConfig, parseHubConfig, readJsonFile, requireSupported } from '../hub/hub-config.js';
import { type ImportOptions, type ImportReport, writeImported } from '../imported-checkpoint.js';
import type { Provenance } from '../provenance.js';
import { requireSources, wholeTensor } from '../tensor-plan.js';
import { openTorchArchive } from './torch-archive.js';

/** The resolved configuration that the published trainer leaves beside its consolidated weights. */
const PARAMETERS_FILE = 'params.json';

/**
 * Makes a checkpoint of a consolidated one of the published trainer, which is based on Lingua: `consolidated.pth` with params.json
 * beside it. Parameters have the names that ours have.
 *
 * @throws CheckpointError if the file holds anything but tensors and plain containers, or the two do not fit;
 *   OutputError if the checkpoint exists or cannot be written; the reason of `signal` when it is aborted
 */
export async function importFromLingua(path: string, options: ImportOptions): Promise<ImportReport> {
  await requireFile(path);
  const config = await readJsonFile(
    join(dirname(path), PARAMETERS_FILE),
    `Copy the run's ${PARAMETERS_FILE} beside ${path}: it says what the model is.`,
  );
  const { model, vocabularySize, sequenceLength, separate } = parametersOf(config);
  const { parameters } = createModel(model, vocabularySizes(vocabularySize));
  const plans = parameters.map(({ name, shape }) => wholeTensor(name, name, shape));
  const source = await openTorchArchive(path);
  try {
    requireSources(plans, source, {
      // Tables of angles; the embedding under the name that it has as the output of a model that ties them.
      isIgnored: (name) => /(^|\.)(rope|rotary_emb|rope_embeddings)\./.test(name) || (isTied(model) && name === TIED),
      hint: `Use weights and ${PARAMETERS_FILE} of one and the same run.`,
    });
    const training = trainingOf(model, vocabularySize, separate);
    return await writeImported({ options: model, sequenceLength, ...training, plans, source }, options);
  } finally {
    await source.close();
  }
}

/** A frequent slip: the folder that `consolidated.pth` lies in. */
async function requireFile(path: string): Promise<void> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new CheckpointError(`cannot read ${path}: ${(cause as Error).message}`, {
      file: path,
      hint: WHICH_FILE,
      cause,
    });
  });
  if (!status.isDirectory()) return;
  const inside = [join(path, CONSOLIDATED), join(path, 'consolidated', CONSOLIDATED)];
  const found: string[] = [];
  for (const file of inside) if (await exists(file)) found.push(file);
  throw new CheckpointError(`${path} is a folder, not a .pth file`, {
    file: path,
    hint: found.length > 0 ? `Use ${found[0]}` : WHICH_FILE,
  });
}

const CONSOLIDATED = 'consolidated.pth';
const WHICH_FILE = `Name the ${CONSOLIDATED} that the published trainer wrote, with ${PARAMETERS_FILE} beside it.`;

const TIED = 'output.tied_module.weight';

const isTied = (model: ModelOptions): boolean => model.architecture === 'opencoder' && model.tiedEmbedding;

const size = z.int().positive();
const rate = z.number().positive();

const published = z.object({
  data: z.object({
    seq_len: size,
    tokenizer: z.object({ separate_embedding: z.boolean().default(false) }).default({ separate_embedding: false }),
  }),
  model: z.record(z.string(), z.unknown()),
});

const evabyte = z.object({
  vocab_size: size.default(320),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  norm_add_unit_offset: z.boolean().default(true),
  rms_norm_eps: rate.default(1e-6),
  rope_theta: rate.default(100_000),
  window_size: size.default(2048),
  chunk_size: size.default(16),
  num_pred_heads: size.default(8),
  apply_raw_multibyte_lm_head: z.boolean().default(false),
  num_raw_pred_heads: size.default(1),
});

const transformer = z.object({
  vocab_size: size,
  dim: size,
  n_layers: size,
  head_dim: size.nullish(),
  n_heads: size,
  n_kv_heads: size.nullish(),
  ffn_dim: size,
  norm_eps: rate.default(1e-5),
  rope_theta: rate.default(10_000),
  weight_tying: z.boolean().default(false),
});

/** @throws CheckpointError naming what is missing, or what our model has no counterpart for */
function parametersOf(config: HubConfig) {
  const { model: values, data } = parseHubConfig(config, published);
  const inModel = { file: config.file, values };
  const made = 'dim' in values ? transformerOptions(inModel) : evabyteOptions(inModel);
  const model = parseHubConfig({ file: config.file, values: made.values }, modelOptions);
  return {
    model,
    vocabularySize: made.vocabularySize,
    sequenceLength: data.seq_len,
    separate: data.tokenizer.separate_embedding,
  };
}

function evabyteOptions(config: HubConfig) {
  requireSupported(config, [{ key: 'raw_vocab_size', values: [RAW_LIMIT] }]);
  const model = parseHubConfig(config, evabyte);
  const values = {
    architecture: 'evabyte',
    hiddenSize: model.hidden_size,
    intermediateSize: model.intermediate_size,
    layers: model.num_hidden_layers,
    attentionHeads: model.num_attention_heads,
    normUnitOffset: model.norm_add_unit_offset,
    normEpsilon: model.rms_norm_eps,
    ropeTheta: model.rope_theta,
    windowSize: model.window_size,
    chunkSize: model.chunk_size,
    predictionHeads: model.num_pred_heads,
    rawHeads: model.apply_raw_multibyte_lm_head ? model.num_raw_pred_heads : 0,
  };
  return { values, vocabularySize: model.vocab_size };
}

function transformerOptions(config: HubConfig) {
  requireSupported(config, [{ key: 'sliding_window', values: [null] }]);
  const model = parseHubConfig(config, transformer);
  const values = {
    architecture: 'opencoder',
    hiddenSize: model.dim,
    intermediateSize: model.ffn_dim,
    layers: model.n_layers,
    attentionHeads: model.n_heads,
    keyValueHeads: model.n_kv_heads ?? null,
    headSize: model.head_dim ?? null,
    normEpsilon: model.norm_eps,
    ropeTheta: model.rope_theta,
    tiedEmbedding: model.weight_tying,
  };
  return { values, vocabularySize: model.vocab_size };
}

/** EvaByte has our ids, and what comes after raw bytes are codes of a compressor that is not known here; OpenCoder has a tokenizer's. */
function trainingOf(
  { architecture }: ModelOptions,
  vocabularySize: number,
  separate: boolean,
): Pick<Provenance, 'step' | 'vocabulary' | 'data'> {
  const ofBytes = architecture === 'evabyte' && vocabularySize >= RAW_LIMIT;
  const compressedOffset = !ofBytes ? 0 : separate ? RAW_LIMIT : RAW_OFFSET;
  const known = ofBytes && vocabularySize === RAW_OFFSET + BYTE_COUNT;
  return {
    step: 0,
    vocabulary: {
      layout: {
        size: vocabularySize,
        compressedOffset,
        alphabetSize: known ? 0 : vocabularySize - compressedOffset,
        rawIncluded: ofBytes,
      },
      compressor: 'of the published trainer',
    },
    data: {
      compressor: ofBytes ? 'gzip' : 'bpe',
      mix: ofBytes ? 'sentinel' : 'vanilla',
      rate: ofBytes ? 0 : 1,
      addBos: true,
      addEos: true,
    },
  };
}
