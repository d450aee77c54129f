import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { type Checkpoint, inFloat32, SafetensorsFile, trainedVocabularyOf } from '../../src/checkpoints/index.js';
import { float32Values, hostTensor, makeProgram } from '../../src/graph/index.js';
import { createModel, type ModelOptions, vocabularySizes } from '../../src/models/index.js';
import { numberDocuments } from '../../src/models/inputs.js';
import { Random } from '../../src/support/random/index.js';

/** Ids of one row that are neither of specials nor all alike. */
export function someIds(length: number, size: number): number[] {
  const random = Random.fromSeed(11);
  return Array.from({ length }, () => 64 + random.integer(size - 64));
}

/**
 * Logits of all heads at every position of one row, [N, P, V], on the default backend.
 *
 * @param documentMask documents, which end with EOS, do not see each other
 */
export async function logitsOf(
  checkpoint: Checkpoint,
  options: ModelOptions,
  ids: number[],
  documentMask = false,
): Promise<Float32Array> {
  const model = createModel(options, vocabularySizes(trainedVocabularyOf(checkpoint).layout.size));
  const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ threads: 1 }));
  const session = await backend.open(model.parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })));
  try {
    await session.writeState(inFloat32(checkpoint.tensors(model.parameters.map(({ name }) => name))));
    const batch = { rows: 1, sequenceLength: ids.length };
    const program = makeProgram({ outputs: { logits: model.logits(batch, { documentMask }) } });
    const executable = await session.load(program);
    const row = (values: ArrayLike<number>) => hostTensor('i32', values, [1, ids.length]);
    const { documents, positions } = numberDocuments(Int32Array.from(ids), 1, ids.length);
    const masked = { ids: row(ids), documents: row(documents), positions: row(positions) };
    const [outputs] = await executable.run([documentMask ? masked : { ids: row(ids) }]);
    return float32Values(outputs!.logits!).slice();
  } finally {
    await session.dispose();
  }
}

/** The tensors of a safetensors file that are `f32`, by name. */
export async function floatsIn(path: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  const found = new Map<string, Float32Array>();
  for (const { name, type } of file.entries)
    if (type === 'F32') found.set(name, new Float32Array((await file.read(name)).slice().buffer));
  await file.close();
  return found;
}

/** The largest |a − b|, relative to the largest |b|. */
export function deviation(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(a[i]! - value)), 0) / largest;
}
