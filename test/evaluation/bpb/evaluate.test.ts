import { describe, expect, it } from 'vitest';
import { evaluateBpb } from '../../../src/evaluation/bpb/evaluate.js';
import type { RepresentationSettings, ShownDocument } from '../../../src/evaluation/bpb/representation.js';
import { Scorer } from '../../../src/evaluation/bpb/scorer.js';
import type { DocumentCost } from '../../../src/evaluation/bpb/scores.js';
import { interpret, makeProgram } from '../../../src/graph/index.js';
import { numberDocuments } from '../../../src/models/inputs.js';
import { InterruptedError } from '../../../src/support/errors.js';
import { EOS } from '../../../src/vocabulary/layout.js';
import { shown } from '../shown.js';
import { interpretedSession, parameterValues, tinyModel } from '../tiny-model.js';

const TEXTS = ['The first text.', 'é', 'a longer one, of more than two windows', 'x', 'last'];
const VOCABULARY = 576;

interface Shape {
  context: number;
  stride: number;
  documentMask: boolean;
}

async function measured(documents: ShownDocument[], { context, stride, documentMask }: Shape, rows = 3) {
  const model = tinyModel(VOCABULARY);
  const session = interpretedSession(parameterValues(model));
  const scorer = await Scorer.open(session, model, { rows, context, documentMask });
  const costs: DocumentCost[] = [];
  const result = await evaluateBpb({ scorer, documents, stride, onDocument: (cost) => void costs.push(cost) });
  return { ...result, costs };
}

/** The definition in plain loops: one window at a time, from the logits of all heads. */
function oracle(documents: ShownDocument[], { context, stride, documentMask }: Shape) {
  const model = tinyModel(VOCABULARY);
  const parameters = parameterValues(model);
  const logits = model.logits({ rows: 1, sequenceLength: context }, { documentMask });
  const program = makeProgram({ outputs: { logits } });
  const stream: number[] = [];
  const owner: number[] = [];
  if (documents[0]!.ids[0]! >= 64) {
    stream.push(EOS);
    owner.push(-1);
  }
  for (const [index, { ids }] of documents.entries())
    for (const id of ids) {
      stream.push(id);
      owner.push(index);
    }
  const nats = documents.map(() => 0);
  const eosNats = documents.map(() => 0);
  const scored = new Set<number>();
  for (let start = 0; ; start += stride) {
    const ids = Int32Array.from({ length: context }, (_, t) => stream[start + t] ?? EOS);
    const inputs: Parameters<typeof interpret>[1] = { ...parameters, ids: values(ids, context) };
    if (documentMask) {
      const { documents: numbers, positions } = numberDocuments(ids, 1, context);
      Object.assign(inputs, { documents: values(numbers, context), positions: values(positions, context) });
    }
    const { data, shape } = interpret(program, inputs).outputs.logits!;
    const [, , heads, size] = shape as [number, number, number, number];
    for (let t = 0; t < context; t++) {
      const place = start + t + 1;
      const label = stream[place];
      if (label === undefined || scored.has(place)) continue;
      scored.add(place);
      const row = data.subarray(t * heads * size, (t * heads + 1) * size);
      const peak = row.reduce((a, b) => Math.max(a, b));
      const cost = Math.log(row.reduce((sum, x) => sum + Math.exp(x - peak), 0)) + peak - row[label]!;
      if (label >= 64) nats[owner[place]!]! += cost;
      else if (label === EOS || label === 13 || label === 15) eosNats[owner[place]!]! += cost;
    }
    if (start + context + 1 >= stream.length) break;
  }
  return { nats, eosNats };
}

function values(ids: Int32Array, context: number) {
  return { dtype: 'i32' as const, shape: [1, context], data: Float64Array.from(ids) };
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

describe('bits per byte', () => {
  const representations: Record<string, Partial<RepresentationSettings>> = {
    'raw bytes between sentinels': {},
    'plain raw bytes': { compression: { mode: 'vanilla', rate: 0 } },
    'a mixture with compressed text': { compression: { mode: 'sentinel', rate: 0.5 } },
    'pairs of both representations': { compression: { mode: 'translation_random', rate: 0.5 } },
    'parallel documents': { compression: { mode: 'parallel_random', rate: 0.6 } },
    'plain bytes without BOS': {
      compression: { mode: 'vanilla', rate: 0 },
      symbols: { vocabulary: { compressedOffset: 64 }, addBos: false, addEos: true },
    },
    'plain symbols without BOS and EOS': {
      compression: { mode: 'vanilla', rate: 1 },
      symbols: { vocabulary: { compressedOffset: 64 }, addBos: false, addEos: false },
    },
  };
  const shapes: Shape[] = [
    { context: 8, stride: 8, documentMask: true },
    { context: 16, stride: 5, documentMask: true },
    { context: 16, stride: 16, documentMask: false },
    { context: 24, stride: 1, documentMask: false },
    { context: 128, stride: 128, documentMask: true },
  ];
  it.each(Object.entries(representations))('of %s is that of the definition', async (_, settings) => {
    const documents = await shown(TEXTS, settings);
    for (const shape of shapes) {
      const { total, costs } = await measured(documents, shape);
      const expected = oracle(documents, shape);
      expect(costs.map(({ identity }) => identity.index)).toEqual(TEXTS.map((_, index) => index));
      for (const [index, { nats, endingNats }] of costs.entries()) {
        expect(nats / expected.nats[index]!).toBeCloseTo(1, 5);
        expect(endingNats).toBeCloseTo(expected.eosNats[index]!, 3);
      }
      expect(total.nats / sum(expected.nats)).toBeCloseTo(1, 6);
      expect(total.tokens).toBe(sum(documents.map(({ ids }) => ids.filter((id) => id >= 64).length)));
      expect(total.bytes).toBe(new TextEncoder().encode(TEXTS.join('')).length);
    }
  });

  it('does not depend on the number of windows in a batch', async () => {
    const documents = await shown(TEXTS);
    const shape = { context: 8, stride: 3, documentMask: true };
    const one = await measured(documents, shape, 1);
    for (const rows of [2, 5, 64]) {
      const other = await measured(documents, shape, rows);
      expect(other.costs).toEqual(one.costs);
      expect(other.context).toEqual(one.context);
      expect(other.windows).toBe(one.windows);
    }
  });

  it('sums documents to the total', async () => {
    const { costs, total } = await measured(await shown(TEXTS), { context: 8, stride: 8, documentMask: true });
    for (const field of ['documents', 'bytes', 'tokens', 'nats', 'endings', 'endingNats'] as const)
      expect(total[field]).toBeCloseTo(sum(costs.map((cost) => cost[field])), 9);
    expect(total).toMatchObject({ documents: 5, endings: 10 });
  });

  it('does not let a window see another one, however they are batched', async () => {
    const shape = { context: 16, stride: 16, documentMask: false };
    const cost = async (texts: string[]) => (await measured(await shown(texts), shape, 4)).costs;
    // 12 bytes and four specials fill a window, so the second document begins one.
    const [, after] = await cost(['twelve bytes', 'the same text']);
    const [, changed] = await cost(['TWELVE BYTES', 'the same text']);
    expect(changed!.nats).toBe(after!.nats);
  });

  it('stops after the batches that were asked for, and counts the bytes of what was scored', async () => {
    const model = tinyModel();
    const scorer = await Scorer.open(interpretedSession(parameterValues(model)), model, {
      rows: 2,
      context: 8,
      documentMask: true,
    });
    const documents = await shown(['twelve bytes', 'a document that is cut']);
    const { total, windows } = await evaluateBpb({ scorer, documents, stride: 8, batches: 2 });
    // 4 windows have 32 labels: 15 of the first document, then BOS, <raw> and 15 bytes of the second.
    expect(windows).toBe(4);
    expect(total).toMatchObject({ documents: 1, tokens: 12 + 15 });
    expect(total.bytes).toBeCloseTo(12 + 15, 9);
  });

  it('ends with the reason of an abort', async () => {
    const model = tinyModel();
    const scorer = await Scorer.open(interpretedSession(parameterValues(model)), model, {
      rows: 1,
      context: 8,
      documentMask: true,
    });
    const controller = new AbortController();
    const documents = await shown(TEXTS);
    const running = evaluateBpb({
      scorer,
      documents,
      stride: 8,
      signal: controller.signal,
      onProgress: (windows) => windows === 2 && controller.abort(new InterruptedError('stopped')),
    });
    await expect(running).rejects.toThrow(InterruptedError);
  });

  it('refuses a model whose probabilities are not finite', async () => {
    const model = tinyModel();
    const parameters = parameterValues(model);
    parameters['norm.weight']!.data.fill(Number.NaN);
    const scorer = await Scorer.open(interpretedSession(parameters), model, {
      rows: 1,
      context: 8,
      documentMask: true,
    });
    const running = evaluateBpb({ scorer, documents: await shown(TEXTS), stride: 8 });
    await expect(running).rejects.toMatchObject({ code: 'checkpoint', message: /document 0/, hint: /diverged/ });
  });

  it('refuses a context that the model cannot read, and says which it can', async () => {
    const model = tinyModel();
    const opening = Scorer.open(interpretedSession({}), model, { rows: 1, context: 20, documentMask: true });
    await expect(opening).rejects.toMatchObject({ code: 'config', hint: /16 or 24/ });
  });
});
