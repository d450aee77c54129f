import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openCheckpoint, saveCheckpoint, saveWeightsOnly } from '../../../src/checkpoints/index.js';
import { float32Values, interpret, makeProgram } from '../../../src/graph/index.js';
import { createModel, modelOptions, vocabularySizes } from '../../../src/models/index.js';
import type { ByteModel } from '../../../src/neural-coding/byte-model.js';
import { rowLengths, stretchesOf } from '../../../src/plugins/byte-model/batching.js';
import { openByteModel } from '../../../src/plugins/byte-model/index.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { StateSlice } from '../../../src/plugins/contracts.js';
import { CheckpointError, ConfigError } from '../../../src/support/errors.js';
import { Random } from '../../../src/support/random/index.js';
import { initialParameters } from '../../../src/training/initialise.js';
import { BOS, RAW_OFFSET } from '../../../src/vocabulary/layout.js';
import { parameterValues } from '../../evaluation/tiny-model.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const CONTEXT = 32;
const OPTIONS = {
  architecture: 'evabyte',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  attentionHeads: 2,
  windowSize: CONTEXT,
  chunkSize: 8,
  predictionHeads: 1,
  // Far from uniform, so that distributions tell prefixes apart.
  init: { inputStd: 0.3, outputStd: 0.5 },
};
const model = createModel(modelOptions.parse(OPTIONS), vocabularySizes(320));

async function saveModel({
  mix = 'vanilla',
  rawIncluded = true,
  alphabetSize = 0,
  folder = temporaryDirectory(),
  diverged = false,
} = {}): Promise<string> {
  return saveCheckpoint(join(folder, 'run'), {
    step: 7,
    state: {
      vocabulary: { layout: { size: 320, compressedOffset: 64, alphabetSize, rawIncluded }, compressor: 'none' },
    },
    configYaml: JSON.stringify({
      model: OPTIONS,
      batch: { sequenceLength: CONTEXT },
      data: { mix, addBos: true, validation: null },
    }),
    slices: diverged ? withoutNumbers(initialParameters(model, 3)) : initialParameters(model, 3),
    isOptimizer: () => false,
  });
}

/** The same slices, of what a training that diverged leaves. */
function* withoutNumbers(slices: Iterable<StateSlice>): Generator<StateSlice> {
  for (const slice of slices) {
    float32Values(slice.tensor).fill(Number.NaN);
    yield slice;
  }
}

const random = Random.fromSeed(9);
const randomBytes = (length: number) => Uint8Array.from({ length }, () => random.integer(256));

/** −Σ p log₂ p of 256 probabilities. */
const entropyOf = (p: Float64Array) => p.reduce((bits, q) => (q > 0 ? bits - q * Math.log2(q) : bits), 0);
const rowOf = (all: Float64Array, index: number) => all.subarray(256 * index, 256 * (index + 1));

const folder = mkdtempSync(join(tmpdir(), 'pc-test-'));
let opened: ByteModel;
beforeAll(async () => {
  opened = await openByteModel(await saveModel({ folder }), { threads: 1 });
});
afterAll(async () => {
  await opened.dispose();
  rmSync(folder, { recursive: true });
});

describe('the next byte of a window', () => {
  it('has the distribution of the model after BOS and the prefix, given that it is a byte', async () => {
    const values = parameterValues(model, 3);
    for (const length of [0, 1, 7, 8, CONTEXT - 1]) {
      const prefix = randomBytes(length);
      // The reference interpreter on the sequence padded to the model's window, without our batches.
      const ids = Float64Array.from({ length: CONTEXT }, (_, i) => (i === 0 ? BOS : (prefix[i - 1] ?? 0) + RAW_OFFSET));
      const program = makeProgram({
        outputs: { logits: model.logits({ rows: 1, sequenceLength: CONTEXT }, { documentMask: false }) },
      });
      const { outputs } = interpret(program, { ...values, ids: { dtype: 'i32', shape: [1, CONTEXT], data: ids } });
      const logits = outputs.logits!.data.slice(length * 320 + RAW_OFFSET, (length + 1) * 320);
      const weights = Array.from(logits, Math.exp);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const got = await opened.probabilities([prefix]);
      for (const [byte, weight] of weights.entries()) expect(got[byte]).toBeCloseTo(weight / total, 6);
    }
  });

  it('sums to one over the bytes', async () => {
    const prefixes = Array.from({ length: 20 }, (_, length) => randomBytes(length));
    const all = await opened.probabilities(prefixes);
    for (const index of prefixes.keys()) expect(rowOf(all, index).reduce((a, b) => a + b)).toBeCloseTo(1, 14);
  });

  it('does not depend on what is asked with it, to the last bit, nor on threads', async () => {
    const prefixes = Array.from({ length: 1200 }, (_, i) => randomBytes((i * 7) % CONTEXT));
    const together = await opened.probabilities(prefixes);
    const order = Uint32Array.from(prefixes.keys());
    random.shuffle(order);
    const shuffled = await opened.probabilities(Array.from(order, (index) => prefixes[index]!));
    const bitsOf = (p: Float64Array) => Buffer.from(p.buffer, p.byteOffset, p.byteLength);
    const same = Array.from(order, (index, slot) =>
      bitsOf(rowOf(shuffled, slot)).equals(bitsOf(rowOf(together, index))),
    );
    expect(same.every(Boolean)).toBe(true);
    for (const index of [0, 1, 2, 600, 1199])
      expect(await opened.probabilities([prefixes[index]!])).toEqual(rowOf(together, index));
    const threaded = await openByteModel(await saveModel(), { threads: 2 });
    expect(bitsOf(await threaded.probabilities(prefixes)).equals(bitsOf(together))).toBe(true);
    expect(threaded.fingerprint).toBe(opened.fingerprint);
    await threaded.dispose();
  });

  it('is refused after a prefix that is longer than the window', async () => {
    await expect(opened.probabilities([randomBytes(CONTEXT)])).rejects.toThrow(/prefix of 32 bytes/);
  });
});

describe('entropies along documents', () => {
  it('are those of the distributions after what the context holds', async () => {
    const document = randomBytes(2 * CONTEXT + 5);
    for (const overlap of [0, 10]) {
      const [bits] = await opened.entropies([document], { overlap });
      for (const { start, length, from } of stretchesOf([document.length], CONTEXT, overlap))
        for (let i = from; i < length; i += 3) {
          const p = await opened.probabilities([document.subarray(start, start + i)]);
          expect(bits![start + i]).toBeCloseTo(entropyOf(p), 3);
        }
    }
  });

  it('do not depend on the other documents of a call, nor on other calls under way', async () => {
    const documents = [0, 1, 31, 32, 33, 500, 6000, 3].map(randomBytes);
    const together = await opened.entropies(documents);
    expect(together.map(({ length }) => length)).toEqual(documents.map(({ length }) => length));
    const alone = await Promise.all(documents.map((document) => opened.entropies([document])));
    expect(alone.map(([bits]) => bits)).toEqual(together);
  });

  it('are 0 … 8 bits', async () => {
    const [bits] = await opened.entropies([randomBytes(700)]);
    for (const h of bits!) expect(h >= 0 && h <= 8).toBe(true);
  });

  it('are not made up where the training diverged', async () => {
    const diverged = await openByteModel(await saveModel({ diverged: true }), { threads: 1 });
    onTestFinished(() => diverged.dispose());
    await expect(diverged.entropies([randomBytes(3)])).rejects.toThrow('its numbers are not finite');
  });

  it('need something new in every context', async () => {
    await expect(opened.entropies([], { overlap: CONTEXT })).rejects.toThrow(RangeError);
  });
});

describe('stretches', () => {
  it('give every byte once, with as many before it as the overlap or the document has', () => {
    const shape = fc.integer({ min: 1, max: 20 }).chain((context) =>
      fc.record({
        context: fc.constant(context),
        overlap: fc.integer({ min: 0, max: context - 1 }),
        lengths: fc.array(fc.nat(70), { maxLength: 4 }),
      }),
    );
    fc.assert(
      fc.property(shape, ({ context, overlap, lengths }) => {
        const given = lengths.map((length) => new Int32Array(length));
        for (const { document, start, length, from } of stretchesOf(lengths, context, overlap)) {
          expect(length).toBeLessThanOrEqual(context);
          for (let i = from; i < length; i++) {
            given[document]![start + i]!++;
            expect(i).toBeGreaterThanOrEqual(Math.min(overlap, start + i));
          }
        }
        expect(given.flatMap((counts) => Array.from(counts)).every((count) => count === 1)).toBe(true);
      }),
    );
  });
});

describe('lengths of rows', () => {
  it('are few, and end with the longest', () => {
    expect(rowLengths(64)).toEqual([8, 16, 32, 64]);
    expect(rowLengths(100)).toEqual([8, 16, 32, 64, 100]);
    expect(rowLengths(8)).toEqual([8]);
  });
});

describe('weights alone', () => {
  it('are a smaller checkpoint of nearly the same model', async () => {
    const whole = await saveModel();
    const small = join(temporaryDirectory(), 'm1');
    await saveWeightsOnly(await openCheckpoint(whole), small);
    const size = (path: string) => statSync(join(path, 'model-0000-0000.safetensors')).size - 65_536;
    expect(size(small)).toBe(size(whole) / 2);
    const halved = await pluginContext(join(small, '..'), () => {}).byteModel('m1', { threads: 1 });
    expect(halved).toMatchObject({ context: CONTEXT, parameters: opened.parameters });
    expect(halved.fingerprint).not.toBe(opened.fingerprint);
    const prefixes = [randomBytes(0), randomBytes(20)];
    const [a, b] = [await halved.probabilities(prefixes), await opened.probabilities(prefixes)];
    for (const [i, p] of a.entries()) expect(Math.abs(p - b[i]!)).toBeLessThan(0.01);
    // What is rounded already is not changed by rounding it again.
    const again = join(temporaryDirectory(), 'm1');
    await saveWeightsOnly(await openCheckpoint(small), again);
    const twice = await openByteModel(again, { threads: 1 });
    expect(twice.fingerprint).toBe(halved.fingerprint);
    await halved.dispose();
    await twice.dispose();
  });

  it('are not made of a model of compressed text', async () => {
    const checkpoint = await openCheckpoint(await saveModel({ alphabetSize: 256 }));
    await expect(saveWeightsOnly(checkpoint, join(temporaryDirectory(), 'm1'))).rejects.toThrow(CheckpointError);
  });
});

describe('a model that cannot be asked for the next byte', () => {
  it('is refused where it saw sentinels, or no bytes', async () => {
    await expect(openByteModel(await saveModel({ mix: 'sentinel' }))).rejects.toThrow(/never saw one there/);
    await expect(openByteModel(await saveModel({ rawIncluded: false }))).rejects.toThrow(ConfigError);
  });

  it('is refused where there is none', async () => {
    await expect(openByteModel('/nonexistent')).rejects.toThrow(CheckpointError);
  });
});
