import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { saveCheckpoint } from '../../../src/checkpoints/index.js';
import { interpret, makeProgram } from '../../../src/graph/index.js';
import { createModel, modelOptions, vocabularySizes } from '../../../src/models/index.js';
import { openByteModel } from '../../../src/plugins/byte-model/index.js';
import { initialParameters } from '../../../src/training/initialise.js';
import { BOS, RAW_OFFSET } from '../../../src/vocabulary/layout.js';
import { parameterValues } from '../../evaluation/tiny-model.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const CONTEXT = 19;
const OPTIONS = {
  architecture: 'opencoder',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  attentionHeads: 4,
  keyValueHeads: 2,
  init: { baseStd: 0.4 },
};

describe('OpenCoder as a model of bytes', () => {
  it('gives the distribution of the next byte after BOS and any prefix of its context', async () => {
    const model = createModel(modelOptions.parse(OPTIONS), vocabularySizes(320));
    const layout = { size: 320, compressedOffset: 64, alphabetSize: 0, rawIncluded: true };
    const path = await saveCheckpoint(join(temporaryDirectory(), 'run'), {
      step: 1,
      state: { vocabulary: { layout, compressor: 'none' } },
      configYaml: JSON.stringify({
        model: OPTIONS,
        batch: { sequenceLength: CONTEXT },
        data: { mix: 'vanilla', addBos: true, validation: null },
      }),
      slices: initialParameters(model, 3),
      isOptimizer: () => false,
    });
    const opened = await openByteModel(path, { threads: 1 });
    onTestFinished(() => opened.dispose());
    const values = parameterValues(model, 3);
    for (const length of [0, 1, 10, CONTEXT - 1]) {
      const prefix = Uint8Array.from({ length }, (_, i) => (i * 37 + 5) % 256);
      // Alone, at its own length, by the interpreter.
      const batch = { rows: 1, sequenceLength: length + 1 };
      const program = makeProgram({ outputs: { logits: model.logits(batch, { documentMask: false }) } });
      const symbols = Float64Array.of(BOS, ...Array.from(prefix, (byte) => byte + RAW_OFFSET));
      const ids = { dtype: 'i32' as const, shape: [1, length + 1], data: symbols };
      const logits = interpret(program, { ...values, ids }).outputs.logits!.data.slice(-256);
      const weights = Array.from(logits, Math.exp);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const got = await opened.probabilities([prefix]);
      for (const [byte, weight] of weights.entries()) expect(got[byte]).toBeCloseTo(weight / total, 6);
    }
  });
});
