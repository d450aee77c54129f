import { onnxruntimeBackend } from '../backends/onnxruntime/index.js';
import { SafetensorsFile } from '../src/checkpoints/safetensors/reader.js';
import { float32Values, gradients, type HostTensor, hostTensor, makeProgram } from '../src/graph/index.js';
import { createModel, modelOptions } from '../src/models/index.js';
import { numberDocuments } from '../src/models/inputs.js';
import { DataError } from '../src/support/errors.js';
import { RAW_LIMIT } from '../src/vocabulary/layout.js';

/** How far a result of ours is from the reference's. */
export interface Deviation {
  /** `logits`, `loss`, `total_loss`, or `grad.<parameter>`. */
  name: string;
  /** max |ours − theirs| / max |theirs|; infinite where theirs is zero and ours is not. */
  relativeError: number;
}

/**
 * Runs the model that a golden file describes on the file's own parameters and inputs, and compares everything that
 * the reference computed: logits, losses and the gradient of every parameter.
 *
 * @throws CheckpointError if the file cannot be read, DataError if it is not of the goldens' form.
 */
export async function compareWithGolden(path: string): Promise<Deviation[]> {
  const file = await SafetensorsFile.open(path);
  try {
    return await compare(file);
  } finally {
    await file.close();
  }
}

async function compare(file: SafetensorsFile): Promise<Deviation[]> {
  const setting = new GoldenMetadata(file);
  const heads = setting.number('num_pred_heads');
  const rawHeads = setting.truth('raw_heads') ? setting.number('num_raw_pred_heads') : 0;
  const documentMask = setting.truth('doc_mask');
  const options = modelOptions.parse(describedModel(setting, heads, rawHeads));
  const model = createModel(options, { size: setting.number('vocab_size'), rawSize: RAW_LIMIT });
  const ids = await readTensor(file, 'input_ids');
  const [rows, sequenceLength] = ids.shape as [number, number];
  const batch = { rows, sequenceLength };
  const weights = file.entries.some(({ name }) => name === 'loss_mask') ? await readTensor(file, 'loss_mask') : null;

  const graph = model.loss(batch, { documentMask, weighted: weights !== null, chunkTokens: null });
  const nodes = model.parameters.map(({ name }) => model.nodes.get(name)!);
  const slopes = gradients(graph.loss, nodes).map(
    (node, index) => [`grad.${model.parameters[index]!.name}`, node] as const,
  );
  const program = makeProgram({
    outputs: {
      logits: model.logits(batch, { documentMask }),
      total_loss: graph.loss,
      weightedNats: graph.weightedNats,
      ...Object.fromEntries(slopes),
    },
  });
  const denominators = lossDenominators(heads + rawHeads, rows * sequenceLength, rawHeads > 0, weights);
  const inputs: Record<string, HostTensor> = {
    ids,
    labels: await readTensor(file, 'labels'),
    headScale: hostTensor(
      'f32',
      denominators.map((denominator) => 1 / denominator.ofLoss),
    ),
    ...(weights && { weights }),
    ...(documentMask && documentInputs(ids)),
  };

  const results = await runOnce(file, model.parameters, program, inputs);
  const deviations: Deviation[] = [];
  for (const [name, tensor] of Object.entries(results)) {
    if (name === 'weightedNats') continue;
    deviations.push({ name, relativeError: relativeError(float32Values(tensor), await readFloats(file, name)) });
  }
  // The reference reports the mean loss of each head; with raw heads the one number it differentiates.
  const nats = float32Values(results.weightedNats!);
  const losses =
    rawHeads > 0 ? float32Values(results.total_loss!) : denominators.map(({ ofHead }, head) => nats[head]! / ofHead);
  deviations.push({ name: 'loss', relativeError: relativeError(losses, await readFloats(file, 'loss')) });
  return deviations;
}

/** The options of the model that a file describes in the words of its maker; one that names no architecture is an EvaByte. */
function describedModel(setting: GoldenMetadata, predictionHeads: number, rawHeads: number): object {
  if (setting.textOr('architecture', 'evabyte') === 'opencoder')
    return {
      architecture: 'opencoder',
      hiddenSize: setting.number('dim'),
      intermediateSize: setting.number('ffn_dim'),
      layers: setting.number('n_layers'),
      attentionHeads: setting.number('n_heads'),
      keyValueHeads: setting.numberOrNone('n_kv_heads'),
      headSize: setting.numberOrNone('head_dim'),
      normEpsilon: setting.number('norm_eps'),
      ropeTheta: setting.number('rope_theta'),
      tiedEmbedding: setting.truth('weight_tying'),
      predictionHeads,
      rawHeads,
    };
  return {
    architecture: 'evabyte',
    hiddenSize: setting.number('hidden_size'),
    intermediateSize: setting.number('intermediate_size'),
    layers: setting.number('num_hidden_layers'),
    attentionHeads: setting.number('num_attention_heads'),
    chunkSize: setting.number('chunk_size'),
    windowSize: setting.number('window_size'),
    ropeTheta: setting.number('rope_theta'),
    normEpsilon: setting.number('rms_norm_eps'),
    predictionHeads,
    rawHeads,
  };
}

async function runOnce(
  file: SafetensorsFile,
  parameters: readonly { name: string; shape: number[] }[],
  program: ReturnType<typeof makeProgram>,
  inputs: Record<string, HostTensor>,
): Promise<Record<string, HostTensor>> {
  const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
  const session = await backend.open(parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })));
  try {
    for (const { name, shape } of parameters) {
      const tensor = { ...(await readTensor(file, `param.${name}`)), shape };
      await session.writeState([{ name, dtype: 'f32', globalShape: shape, offset: shape.map(() => 0), tensor }]);
    }
    const [results] = await (await session.load(program)).run([inputs]);
    return results!;
  } finally {
    await session.dispose();
  }
}

/** What the reference divides a head's loss by, for the number it differentiates and for the one it reports. */
function lossDenominators(heads: number, tokens: number, hasRawHeads: boolean, weights: HostTensor | null) {
  const weight = weights && float32Values(weights).reduce((sum, value) => sum + value, 0);
  const denominator =
    weight === null
      ? { ofLoss: hasRawHeads ? tokens : heads * tokens, ofHead: tokens }
      : { ofLoss: weight, ofHead: weight };
  return Array.from({ length: heads }, () => denominator);
}

function documentInputs(ids: HostTensor): Record<string, HostTensor> {
  const [rows, length] = ids.shape as [number, number];
  const values = new Int32Array(ids.bytes.slice().buffer);
  const { documents, positions } = numberDocuments(values, rows, length);
  return { documents: hostTensor('i32', documents, ids.shape), positions: hostTensor('i32', positions, ids.shape) };
}

/** A tensor of the file; 64-bit integers become 32-bit ones. */
async function readTensor(file: SafetensorsFile, name: string): Promise<HostTensor> {
  const { type, shape } = file.entry(name);
  const bytes = (await file.read(name)).slice();
  if (type === 'F32') return { dtype: 'f32', shape: [...shape], bytes };
  if (type === 'I64') return hostTensor('i32', Int32Array.from(new BigInt64Array(bytes.buffer), Number), [...shape]);
  throw new DataError(`a golden file holds F32 and I64 tensors, not ${type}`, { file: file.path, field: name });
}

async function readFloats(file: SafetensorsFile, name: string): Promise<Float32Array> {
  return float32Values(await readTensor(file, name));
}

function relativeError(ours: ArrayLike<number>, theirs: Float32Array): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (const [index, value] of theirs.entries()) {
    // Not Math.max, which a NaN of ours would have to reach through both arguments.
    const off = Math.abs(ours[index]! - value);
    if (!(off <= difference)) difference = off;
    size = Math.max(size, Math.abs(value));
  }
  if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
  return difference === 0 ? 0 : difference / size;
}

/** The file's settings, every value as Python prints it. */
class GoldenMetadata {
  constructor(private readonly file: SafetensorsFile) {}

  number(name: string): number {
    const value = Number(this.text(name));
    if (!Number.isFinite(value)) this.refuse(name, 'a number');
    return value;
  }

  truth(name: string): boolean {
    const value = this.text(name);
    if (value !== 'True' && value !== 'False') this.refuse(name, 'True or False');
    return value === 'True';
  }

  numberOrNone(name: string): number | null {
    return this.text(name) === 'None' ? null : this.number(name);
  }

  textOr(name: string, otherwise: string): string {
    return this.file.metadata[name] ?? otherwise;
  }

  private text(name: string): string {
    return this.file.metadata[name] ?? this.refuse(name, 'given');
  }

  private refuse(name: string, what: string): never {
    throw new DataError(`the metadata ${name} of a golden file must be ${what}`, { file: this.file.path, field: name });
  }
}
