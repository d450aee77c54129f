import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import * as g from '../../src/graph/index.js';
import { createModel, type LossGraphOptions, modelOptions } from '../../src/models/index.js';
import { buildInputs } from '../../src/models/inputs.js';
import type { Session } from '../../src/plugins/contracts.js';
import { Random } from '../../src/support/random/index.js';
import { initialParameters } from '../../src/training/initialise.js';

const ROWS = 2;
const LENGTH = 64;

const EVABYTE = {
  architecture: 'evabyte',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  attentionHeads: 2,
  windowSize: 32,
  chunkSize: 8,
};

const OPENCODER = {
  architecture: 'opencoder',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  attentionHeads: 4,
  keyValueHeads: 2,
  tiedEmbedding: true,
};

function tinyModel(base: object, heads: number, rawHeads: number) {
  const options = modelOptions.parse({ ...base, predictionHeads: heads, rawHeads });
  return createModel(options, { size: 400, rawSize: 320 });
}

describe.each([
  { what: 'plain', base: EVABYTE, heads: 1, rawHeads: 0, weighted: false },
  { what: 'several heads', base: EVABYTE, heads: 3, rawHeads: 0, weighted: false },
  { what: 'weighted', base: EVABYTE, heads: 3, rawHeads: 0, weighted: true },
  { what: 'raw heads', base: EVABYTE, heads: 1, rawHeads: 2, weighted: false },
  { what: 'raw heads beside a tied embedding', base: OPENCODER, heads: 1, rawHeads: 2, weighted: false },
])('the loss: $what', ({ base, heads, rawHeads, weighted }) => {
  const model = tinyModel(base, heads, rawHeads);
  let session: Session;

  beforeAll(async () => {
    const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
    session = await backend.open(model.parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })));
    await session.writeState(initialParameters(model, 7));
  });
  afterAll(() => session.dispose());

  /** Loss and all gradients, from a program that `rewrite` may change. */
  async function evaluate(options: Partial<LossGraphOptions>, rewrite: (program: g.Program) => g.Program = (p) => p) {
    const full = { documentMask: true, weighted, chunkTokens: null, ...options };
    const { loss, nats } = model.loss({ rows: ROWS, sequenceLength: LENGTH }, full);
    const values = [...model.nodes.values()];
    const gradients = Object.fromEntries(g.gradients(loss, values).map((node, index) => [`grad${index}`, node]));
    const executable = await session.load(rewrite(g.makeProgram({ outputs: { loss, nats, ...gradients } })));
    const [outputs] = await executable.run([{ ...inputs(), headScale: g.hostTensor('f32', scales()) }]);
    await executable.dispose();
    return Object.fromEntries(Object.entries(outputs!).map(([name, tensor]) => [name, g.float32Values(tensor)]));
  }

  const scales = () => Array.from({ length: heads + rawHeads }, () => 1 / (ROWS * LENGTH));

  function inputs() {
    const random = Random.fromSeed(3);
    const views = 1 + heads + rawHeads;
    const ids = Int32Array.from({ length: ROWS * (LENGTH + views - 1) }, () =>
      random.uniform() < 0.1 ? 2 : random.uniform() < 0.3 ? 320 + random.integer(80) : 64 + random.integer(256),
    );
    const multibyteWeights = weighted ? { heads, disableCrossBytePrediction: true, compressedWeight: 0.5 } : null;
    return buildInputs({ rows: ROWS, sequenceLength: LENGTH, views, documentMask: true, multibyteWeights }, ids);
  }

  it.each([1000, 64, 50, 7])('is the same, with its gradients, in chunks of %i positions', async (chunkTokens) => {
    const whole = await evaluate({});
    const chunked = await evaluate({ chunkTokens });
    expectClose(chunked, whole);
  });

  it('is the same, with its gradients, when layers are rematerialised', async () => {
    const plain = await evaluate({});
    const passes = g.rematerialise((scope) => scope.startsWith('layers.'));
    const again = await evaluate({}, (program) => g.makeProgram(passes(g.programRoots(program))));
    expectClose(again, plain);
  });
});

describe('scores of labels', () => {
  it('are those of the logits of head 0, also where a vocabulary is so large that positions are taken in chunks', async () => {
    const size = 40_000;
    const options = { ...EVABYTE, layers: 1, predictionHeads: 2 };
    const model = createModel(modelOptions.parse(options), { size, rawSize: 320 });
    const batch = { rows: 1, sequenceLength: 512 };
    const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
    const session = await backend.open(model.parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })));
    await session.writeState(initialParameters(model, 7));
    const mask = { documentMask: false };
    const outputs = { scores: model.scores(batch, mask), logits: model.logits(batch, mask) };
    const random = Random.fromSeed(5);
    const symbols = () =>
      g.hostTensor(
        'i32',
        Int32Array.from({ length: 512 }, () => random.integer(size)),
        [1, 512],
      );
    const [ids, labels] = [symbols(), symbols()];
    const expectedLabels = [...g.int32Values(labels)];
    const [result] = await (await session.load(g.makeProgram({ outputs }))).run([{ ids, labels }]);
    await session.dispose();
    const logits = g.float32Values(result!.logits!);
    const scores = g.float32Values(result!.scores!);
    for (const [t, label] of expectedLabels.entries()) {
      const own = logits.subarray(t * 2 * size, t * 2 * size + size);
      const normaliser = Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(scores[t]).toBeCloseTo(normaliser - own[label]!, 4);
    }
  });
});

function expectClose(actual: Record<string, Float32Array>, expected: Record<string, Float32Array>) {
  for (const [name, values] of Object.entries(expected)) {
    const size = Math.max(1e-6, ...values.map(Math.abs));
    const error = values.reduce(
      (worst, value, index) => Math.max(worst, Math.abs(actual[name]![index]! - value) / size),
      0,
    );
    expect(error, name).toBeLessThan(1e-5);
  }
}
