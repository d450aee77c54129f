import { RAW_LIMIT, RAW_OFFSET } from '../../vocabulary/layout.js';
import { type ImportOptions, type ImportReport, writeImported } from '../imported-checkpoint.js';
import { PROVENANCE_KEY, type Provenance, provenanceSchema } from '../provenance.js';
import { requireSources } from '../tensor-plan.js';
import { fromHub } from './families.js';
import { type HubConfig, parseHubConfig, readHubConfig } from './hub-config.js';
import type { FromHub } from './hub-model.js';
import { openHubWeights } from './hub-weights.js';

/**
 * Makes a checkpoint of a model from the hub, sharded or not, in any float type: its weights become `f32`.
 *
 * @param directory with config.json and *.safetensors
 * @throws CheckpointError if the model is none that ours can be, or its files are damaged, incomplete or do not fit;
 *   OutputError if the checkpoint exists or cannot be written; the reason of `signal` when it is aborted
 */
export async function importFromHub(directory: string, options: ImportOptions): Promise<ImportReport> {
  const config = await readHubConfig(directory);
  const model = fromHub(config);
  const source = await openHubWeights(directory);
  try {
    requireSources(model.plans, source, {
      isIgnored: model.isIgnored,
      hint: `Use weights and ${config.file} of one and the same model.`,
    });
    return await writeImported({ ...model, ...trainingOf(config, model), source }, options);
  } finally {
    await source.close();
  }
}

/** As the exporting run said; otherwise what can be known of the published models. */
function trainingOf(config: HubConfig, model: FromHub): Pick<Provenance, 'step' | 'vocabulary' | 'data'> {
  const { file, values } = config;
  if (values[PROVENANCE_KEY] === undefined) return foreign(model);
  const provenance = parseHubConfig(
    { file, values: values[PROVENANCE_KEY] as Record<string, unknown> },
    provenanceSchema,
  );
  return { ...provenance, vocabulary: sized(provenance.vocabulary, model) };
}

/** The table's rows are what the weights say: padding may have been added or taken away. */
function sized({ layout, compressor }: Provenance['vocabulary'], { vocabularySize: size }: FromHub) {
  return { layout: { ...layout, size }, compressor };
}

/**
 * EvaByte reads bytes under our ids, without sentinels. Other models have tokens under ids of their own; whoever wants raw bytes of
 * them trains these on.
 */
function foreign({ options, vocabularySize: size }: FromHub): Pick<Provenance, 'step' | 'vocabulary' | 'data'> {
  const ofBytes = options.architecture === 'evabyte' && size >= RAW_LIMIT;
  return {
    step: 0,
    vocabulary: {
      layout: ofBytes
        ? { size, compressedOffset: RAW_OFFSET, alphabetSize: 0, rawIncluded: true }
        : { size, compressedOffset: 0, alphabetSize: size, rawIncluded: false },
      compressor: ofBytes ? 'none' : 'a tokenizer of the hub',
    },
    data: {
      compressor: ofBytes ? 'gzip' : 'bpe',
      mix: 'vanilla',
      rate: ofBytes ? 0 : 1,
      addBos: true,
      addEos: true,
    },
  };
}
