import { describe, expect, it } from 'vitest';
import { interpret, makeProgram } from '../../src/graph/index.js';
import type { Values } from '../../src/graph/reference-kernels.js';
import { createModel, vocabularySizes } from '../../src/models/index.js';
import { PortableModel } from '../../src/neural-coding/portable-model.js';
import { CheckpointError } from '../../src/support/errors.js';
import { BOS, RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';
import { randomPortableModel, randomWeights } from './random-byte-model.js';

const TEXTS = ['fn main() {\n  xy', 'def f(a, b): re', '\x00\xff\x80abc   \n\n\t123'].map((text) =>
  Buffer.from(text, 'latin1'),
);

/** Distributions of the byte after each prefix of a text, the empty one first, evaluated alone. */
function alone(model: PortableModel, text: Uint8Array): Float64Array[] {
  const contexts = model.contexts(1);
  contexts.begin();
  const rows: Float64Array[] = [];
  for (const byte of [...text]) {
    contexts.predict();
    rows.push(contexts.probabilities.slice());
    if (contexts.left > 1) contexts.read(Uint8Array.of(byte));
  }
  return rows;
}

/** The same by the tensor program and its interpreter: softmax over the ids of bytes. */
function byInterpreter(seed: number, over: object, text: Uint8Array): Float64Array[] {
  const { options, tensors } = randomWeights(seed, over);
  const model = createModel(options, vocabularySizes(RAW_LIMIT));
  const length = text.length;
  const program = makeProgram({
    outputs: { logits: model.logits({ rows: 1, sequenceLength: length }, { documentMask: false }) },
  });
  const ids = Float64Array.of(BOS, ...[...text].slice(0, -1).map((byte) => RAW_OFFSET + byte));
  const bindings: Record<string, Values> = { ids: { dtype: 'i32', shape: [1, length], data: ids } };
  for (const { name, shape } of model.parameters)
    bindings[name] = { dtype: 'f32', shape, data: Float64Array.from(tensors.get(name)!) };
  const { logits } = interpret(program, bindings).outputs;
  const width = options.predictionHeads * RAW_LIMIT;
  return [...text].map((_, t) => {
    const row = Array.from(logits!.data.slice(t * width + RAW_OFFSET, t * width + RAW_LIMIT));
    const highest = Math.max(...row);
    const weights = row.map((logit) => Math.exp(logit - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Float64Array.from(weights, (weight) => weight / total);
  });
}

describe('the portable model', () => {
  it.each([
    ['two heads', {}],
    ['norm weights that are no offsets', { normUnitOffset: false }],
    ['several prediction heads, an odd number of inner dimensions', { predictionHeads: 2, intermediateSize: 27 }],
  ])('agrees with the tensor program: %s', (_, over) => {
    const text = Buffer.from('if (a < b) { c(');
    const whole = Buffer.concat([text, Buffer.from('!')]);
    const expected = byInterpreter(3, over, whole);
    const rows = alone(randomPortableModel(3, over), whole);
    rows.forEach((row, t) => {
      for (let byte = 0; byte < 256; byte++) expect(Math.abs(row[byte]! - expected[t]![byte]!)).toBeLessThan(1e-5);
    });
  });

  it.each([3, 8, 13])('gives a context the same bits alone and among %i', (lanes) => {
    const model = randomPortableModel(5);
    const singles = TEXTS.map((text) => alone(model, text));
    const contexts = model.contexts(lanes);
    contexts.begin();
    for (let t = 0; t < 15; t++) {
      contexts.predict();
      for (let lane = 0; lane < lanes; lane++)
        expect(contexts.probabilities.slice(256 * lane, 256 * (lane + 1))).toEqual(singles[lane % 3]![t]);
      contexts.read(Uint8Array.from({ length: lanes }, (_, lane) => TEXTS[lane % 3]![t]!));
    }
  });

  it('begins anew as if nothing had been read', () => {
    const contexts = randomPortableModel(7).contexts(1);
    contexts.begin();
    contexts.predict();
    const first = contexts.probabilities.slice();
    contexts.read(Uint8Array.of(65));
    contexts.begin();
    contexts.predict();
    expect(contexts.probabilities).toEqual(first);
  });

  it('predicts as many bytes as its window has symbols, and then is full', () => {
    const contexts = randomPortableModel(7).contexts(1);
    contexts.begin();
    expect(contexts.left).toBe(16);
    for (let t = 0; t < 15; t++) contexts.read(Uint8Array.of(t));
    expect(contexts.left).toBe(1);
    expect(() => contexts.read(Uint8Array.of(0))).toThrow('a context holds 16 symbols');
  });

  it('says that its numbers are not finite, instead of giving them', () => {
    const { tensors, ...rest } = randomWeights(1);
    const diverged = new Map(tensors).set(
      'norm.weight',
      tensors.get('norm.weight')!.map(() => Number.NaN),
    );
    const contexts = new PortableModel({ ...rest, tensors: diverged }).contexts(1);
    contexts.begin();
    expect(() => contexts.predict()).toThrow('its numbers are not finite');
  });

  it('names a parameter that is missing or too small', () => {
    const { tensors, ...rest } = randomWeights(1);
    const without = new Map([...tensors].filter(([name]) => name !== 'norm.weight'));
    expect(() => new PortableModel({ ...rest, tensors: without })).toThrow(CheckpointError);
    const small = new Map(tensors).set('lm_head.weight', new Float32Array(16));
    expect(() => new PortableModel({ ...rest, tensors: small })).toThrow('the parameter lm_head.weight is too small');
  });
});
