import { createHash } from 'node:crypto';
import { inFloat32 } from '../checkpoints/half-precision.js';
import { latestCheckpoint, openCheckpoint } from '../checkpoints/index.js';
import { trainedModelOf } from '../checkpoints/trained-model.js';
import { float32Values } from '../graph/index.js';
import type { EvaByteOptions } from '../models/evabyte/options.js';
import { createModel, vocabularySizes } from '../models/index.js';
import { CheckpointError } from '../support/errors.js';
import { RAW_LIMIT } from '../vocabulary/layout.js';
import { PortableModel } from './portable-model.js';

/** Raised whenever the arithmetic changes, and with it the last bits of the probabilities. */
const ARITHMETIC = 1;

/**
 * A checkpoint of a byte model, to be evaluated with the same bits on every machine.
 *
 * @param path directory of the checkpoint, or of a run: its newest one
 * @throws CheckpointError if it is damaged, no byte model, or of an architecture that cannot be evaluated so
 */
export async function openPortableModel(path: string): Promise<PortableModel> {
  const checkpoint = await openCheckpoint((await latestCheckpoint(path))?.path ?? path);
  const { options, sequenceLength, vocabulary } = trainedModelOf(checkpoint);
  if (options.architecture !== 'evabyte' || !vocabulary.layout.rawIncluded)
    throw new CheckpointError('this is no model of bytes', {
      file: path,
      hint: 'Use a checkpoint that was trained on raw text, such as that of the recipe m1-segment-s.',
    });
  // Positions that the model was trained on, within its first window.
  const windowSize = Math.min(options.windowSize, sequenceLength);
  const { parameters } = createModel(options, vocabularySizes(Math.max(vocabulary.layout.size, RAW_LIMIT)));
  const names = parameters.map(({ name }) => name);
  const tensors = new Map<string, Float32Array>();
  for await (const { name, globalShape, offset, tensor } of inFloat32(checkpoint.tensors(names))) {
    const size = globalShape.reduce((product, length) => product * length, 1);
    const whole = tensors.get(name) ?? new Float32Array(size);
    // Tensors are divided along their first dimension.
    whole.set(float32Values(tensor), ((offset[0] ?? 0) * size) / (globalShape[0] ?? 1));
    tensors.set(name, whole);
  }
  const used: EvaByteOptions = { ...options, windowSize };
  return new PortableModel({ options: used, tensors, fingerprint: fingerprintOf(used, tensors), origin: path });
}

/** SHA-256 of all that the probabilities depend on, by name so that files may differ. */
function fingerprintOf(options: EvaByteOptions, tensors: ReadonlyMap<string, Float32Array>): string {
  const { hiddenSize, intermediateSize, layers, attentionHeads, normUnitOffset, normEpsilon, ropeTheta, windowSize } =
    options;
  const shape = { hiddenSize, intermediateSize, layers, attentionHeads, normUnitOffset, normEpsilon, ropeTheta };
  const hash = createHash('sha256').update(JSON.stringify({ ...shape, windowSize }));
  for (const name of [...tensors.keys()].sort()) {
    const values = tensors.get(name)!;
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return `portable:${ARITHMETIC};context=${windowSize};sha256=${hash.digest('hex')}`;
}
