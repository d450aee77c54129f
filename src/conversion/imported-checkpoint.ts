import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type TensorSlice, writeCheckpoint } from '../checkpoints/index.js';
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
  const { output, force } = options;
  const { options: model, sequenceLength, data, step, vocabulary, plans } = imported;
  await requireReplaceable(output, force, CHECKPOINT);
  await removeStaleTemporaries(dirname(resolve(output)));
  const configYaml = stringify({
    model,
    data: { ...data, validation: null },
    batch: { sequenceLength },
    validation: { every: null },
  });
  await writeCheckpoint(
    output,
    { step, state: { vocabulary }, configYaml, slices: slicesOf(imported, options), isOptimizer: () => false },
    { replace: force },
  );
  return {
    output,
    architecture: model.architecture,
    tensors: plans.length,
    parameters: plans.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    vocabularySize: vocabulary.layout.size,
  };
}

async function* slicesOf(
  { plans, source }: ImportedCheckpoint,
  { signal, onProgress }: ImportOptions,
): AsyncGenerator<TensorSlice> {
  const bytesOf = ({ shape }: TensorPlan) => 4 * elementCount(shape);
  const total = plans.reduce((sum, plan) => sum + bytesOf(plan), 0);
  let done = 0;
  for (const plan of plans) {
    signal?.throwIfAborted();
    const { name, shape } = plan;
    const { buffer, byteOffset, byteLength } = await wholeValues(plan, source);
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    const offset = shape.map(() => 0);
    yield { name, dtype: 'f32', globalShape: shape, offset, tensor: { dtype: 'f32', shape, bytes } };
    done += bytesOf(plan);
    onProgress?.(done, total);
  }
}

async function wholeValues(plan: TensorPlan, source: TensorSource): Promise<Float32Array> {
  const whole = plan.runs.length === 1 ? null : new Float32Array(elementCount(plan.shape));
  let at = 0;
  for await (const values of plannedValues(plan, source)) {
    if (whole === null) return values;
    whole.set(values, at);
    at += values.length;
  }
  return whole ?? new Float32Array(0);
}
