import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../../backends/onnxruntime/index.js';
import { float32Values, makeProgram } from '../../../src/graph/index.js';
import { buildInputs, createModel, modelOptions } from '../../../src/models/index.js';
import type { Session } from '../../../src/plugins/contracts.js';
import { Random } from '../../../src/support/random/index.js';
import { initialParameters } from '../../../src/training/initialise.js';
import { BOS, EOS } from '../../../src/vocabulary/layout.js';

const V = 100;
const options = modelOptions.parse({
  architecture: 'opencoder',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  attentionHeads: 4,
  keyValueHeads: 2,
});
const model = createModel(options, { size: V, rawSize: V });

const random = Random.fromSeed(11);
const text = (length: number) => Array.from({ length }, () => 64 + random.integer(V - 64));

describe('with a document mask', () => {
  let session: Session;

  beforeAll(async () => {
    const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
    session = await backend.open(model.parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32' })));
    await session.writeState(initialParameters(model, 7));
  });
  afterAll(() => session.dispose());

  /** Logits of every row, each as [N · V]. */
  async function logits(rows: number[][], documentMask = true): Promise<number[][]> {
    const batch = { rows: rows.length, sequenceLength: rows[0]!.length };
    const program = await session.load(makeProgram({ outputs: { logits: model.logits(batch, { documentMask }) } }));
    const inputs = buildInputs(
      { ...batch, views: 1, documentMask, multibyteWeights: null },
      Int32Array.from(rows.flat()),
    );
    const [outputs] = await program.run([inputs]);
    await program.dispose();
    const values = float32Values(outputs!.logits!);
    const size = batch.sequenceLength * V;
    return rows.map((_, row) => [...values.subarray(row * size, (row + 1) * size)]);
  }

  function expectClose(actual: number[], expected: number[]) {
    expect(actual.length).toBe(expected.length);
    for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
  }

  it('a row sees nothing of the row before it, also where that does not end with a separator (O1)', async () => {
    const row = text(40);
    const after = async (before: number[]) => (await logits([before, row]))[1];
    expect(await after(text(40))).toEqual(await after([...text(39), EOS]));
  });

  it('every document is what it is alone: the text that is cut off at the end, one of a separator only, and a long one', async () => {
    // 300 symbols are several blocks of queries.
    const documents = [[BOS, ...text(20), EOS], [EOS], [BOS, ...text(200), EOS], [BOS, ...text(74)]];
    const [together] = await logits([documents.flat()]);
    const apart: number[] = [];
    for (const document of documents) apart.push(...(await logits([document], false))[0]!);
    expectClose(together!, apart);
  });

  it('a symbol sees none that come after it', async () => {
    const before = text(65);
    const [first, second] = await logits([
      [...before, ...text(200)],
      [...before, ...text(200)],
    ]);
    expect(first!.slice(0, 65 * V)).toEqual(second!.slice(0, 65 * V));
    expect(first!.slice(65 * V)).not.toEqual(second!.slice(65 * V));
  });
});
