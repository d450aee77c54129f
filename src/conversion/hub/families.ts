import type { ModelOptions } from '../../models/index.js';
import { CheckpointError } from '../../support/errors.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { evabyteFromHub, evabyteToHub } from './evabyte.js';
import type { HubConfig } from './hub-config.js';
import type { FromHub, HubModel, RawHeadMode } from './hub-model.js';
import { llamaFromHub, llamaToHub } from './llama.js';

/** What `transformers` takes where a Mistral's configuration does not tell. */
const MISTRAL_WINDOW = 4096;

/** Readers of configurations, by their `model_type`. */
const READERS: Readonly<Record<string, (config: HubConfig) => FromHub>> = {
  evabyte: evabyteFromHub,
  llama: llamaFromHub,
  // The same blocks; a sliding window is refused, and there is one unless the configuration says otherwise.
  mistral: ({ file, values }) => llamaFromHub({ file, values: { sliding_window: MISTRAL_WINDOW, ...values } }),
};

/** @throws UsageError if raw heads are to be merged and cannot be */
export function toHub(
  options: ModelOptions,
  vocabulary: VocabularyLayout,
  sequenceLength: number,
  rawHeads: RawHeadMode,
): HubModel {
  return options.architecture === 'evabyte'
    ? evabyteToHub(options, vocabulary, sequenceLength, rawHeads)
    : llamaToHub(options, vocabulary, sequenceLength, rawHeads);
}

/** @throws CheckpointError for a kind of model that ours is none of, or that differs from ours in something it computes */
export function fromHub(config: HubConfig): FromHub {
  const type = config.values.model_type;
  const read = typeof type === 'string' && Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read !== undefined) return read(config);
  throw new CheckpointError(`models of the type ${JSON.stringify(type ?? null)} are not supported`, {
    file: config.file,
    field: 'model_type',
    hint: `What is: ${Object.keys(READERS).join(', ')}.`,
  });
}
