import { stringify } from 'yaml';
import { createModel, vocabularySizes } from '../models/index.js';
import { CheckpointError } from '../support/errors.js';
import { asHalf } from './half-precision.js';
import type { Checkpoint } from './open.js';
import { writeCheckpoint } from './save.js';
import type { TensorSlice } from './slices.js';
import { trainedModelOf } from './trained-model.js';

/**
 * Writes a checkpoint that holds a model of bytes and nothing else: its weights in half precision, what it is and how text is
 * shown to it. No optimizer, no place in the data, no settings of the run with its paths: a few per cent of the size,
 * for shipping. It is opened and evaluated like any other; training cannot go on from it.
 *
 * @param path a new directory
 * @throws CheckpointError if the checkpoint is damaged, does not say what its model is, or has one of compressed text; OutputError if the directory
 *   exists or cannot be written
 */
export async function saveWeightsOnly(checkpoint: Checkpoint, path: string): Promise<void> {
  const { options, sequenceLength, vocabulary, shown } = trainedModelOf(checkpoint);
  if (vocabulary.layout.alphabetSize > 0)
    throw new CheckpointError('the model was trained on compressed text, so its compressor would have to be kept too', {
      file: checkpoint.path,
      hint: 'Choose a checkpoint of a model that was trained with data.rate 0.',
    });
  const { parameters } = createModel(options, vocabularySizes(vocabulary.layout.size));
  const configYaml = stringify({
    model: options,
    data: { ...shown, rate: 0, validation: null },
    batch: { sequenceLength },
    validation: { every: null },
  });
  await writeCheckpoint(path, {
    step: checkpoint.step,
    state: { vocabulary },
    configYaml,
    slices: halved(checkpoint.tensors(parameters.map(({ name }) => name))),
    isOptimizer: () => false,
  });
}

async function* halved(slices: AsyncIterable<TensorSlice>): AsyncGenerator<TensorSlice> {
  for await (const slice of slices) yield slice.dtype === 'f32' ? asHalf(slice) : slice;
}
