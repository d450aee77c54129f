import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { writeWholeCheckpoint } from '../checkpoints/index.js';
import { elementCount } from '../graph/index.js';
import type { ModelOptions } from '../models/index.js';
import { exists } from '../support/output-failures.js';
import { type DirectoryKind, requireReplaceable } from '../support/replaceable-directory.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import type { Provenance } from './provenance.js';
import { plannedValues, type TensorPlan } from './tensor-plan.js';
import type { TensorSource } from './tensor-source.js';

/** A model from elsewhere, to be written as a checkpoint that is evaluated and trained on from. */
export interface ImportedCheckpoint extends Pick<Provenance, 'step' | 'vocabulary' | 'data'> {
  options: ModelOptions;
  sequenceLength: number;
  /** Its parameters. */
  plans: readonly TensorPlan[];
  source: TensorSource;
}

export interface ImportOptions {
  /** Directory to write. */
  output: string;
  force: boolean;
  signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

export interface ImportReport {
  output: string;
  architecture: string;
  tensors: number;
  parameters: number;
  vocabularySize: number;
}

/** A directory with one of our checkpoints. */
const CHECKPOINT: DirectoryKind = {
  content: 'a checkpoint',
  isOneOf: (directory) => exists(join(directory, 'COMPLETE')),
  hint: 'Choose another path with -o.',
};

/**
 * Writes the checkpoint; it has its name only when it is complete. It holds no optimizer and no place in any data, and settings of
 * its own only for what the model is and how it is shown text.
 *
 * @throws OutputError if the directory exists or cannot be written; what reading the tensors throws; the reason of
 *   `signal` when it is aborted
 */
export async function writeImported(imported: ImportedCheckpoint, options: ImportOptions): Promise<ImportReport> {
  const { output, force, signal, onProgress } = options;
  const { options: model, sequenceLength, data, step, vocabulary, plans, source } = imported;
  await requireReplaceable(output, force, CHECKPOINT);
  await removeStaleTemporaries(dirname(resolve(output)));
  const configYaml = stringify({
    model,
    data: { ...data, validation: null },
    batch: { sequenceLength },
    validation: { every: null },
  });
  const parameters = plans.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  let done = 0;
  await writeWholeCheckpoint(
    output,
    {
      step,
      state: { vocabulary },
      configYaml,
      tensors: plans.map((plan) => ({
        name: plan.name,
        dtype: 'f32',
        shape: plan.shape,
        pieces: () => bytesOf(plannedValues(plan, source), signal),
      })),
      onPiece: ({ byteLength }) => {
        done += byteLength;
        onProgress?.(done, 4 * parameters);
      },
    },
    { replace: force },
  );
  return {
    output,
    architecture: model.architecture,
    tensors: plans.length,
    parameters,
    vocabularySize: vocabulary.layout.size,
  };
}

async function* bytesOf(
  pieces: AsyncIterable<Float32Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const { buffer, byteOffset, byteLength } of pieces) {
    signal?.throwIfAborted();
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}
