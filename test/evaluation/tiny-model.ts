import { interpret, type Program } from '../../src/graph/index.js';
import { tensorOf, type Values, valuesOf } from '../../src/graph/reference-kernels.js';
import { createModel, type LanguageModel, modelOptions } from '../../src/models/index.js';
import type { Inputs, Session } from '../../src/plugins/contracts.js';
import { initialParameters } from '../../src/training/initialise.js';
import { RAW_LIMIT } from '../../src/vocabulary/layout.js';

const TINY_OPTIONS = modelOptions.parse({
  architecture: 'evabyte',
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 1,
  attentionHeads: 2,
  windowSize: 8,
  chunkSize: 4,
  predictionHeads: 2,
  // Far from uniform, so that every symbol has a cost of its own.
  init: { inputStd: 0.5, outputStd: 0.5 },
});

/** A model small enough for the reference interpreter: windows of 8 symbols, two heads. */
export function tinyModel(vocabularySize: number = RAW_LIMIT): LanguageModel {
  return createModel(TINY_OPTIONS, { size: vocabularySize, rawSize: RAW_LIMIT });
}

export function parameterValues(model: LanguageModel, seed = 1): Record<string, Values> {
  return Object.fromEntries([...initialParameters(model, seed)].map(({ name, tensor }) => [name, valuesOf(tensor)]));
}

/** A session that runs programs by the reference interpreter. */
export function interpretedSession(parameters: Record<string, Values>): Session {
  const run = (program: Program, inputs: Inputs) => {
    const values = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, valuesOf(tensor)]));
    const { outputs } = interpret(program, { ...parameters, ...values });
    return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, tensorOf(value)]));
  };
  return {
    load: async (program) => ({
      run: async (steps) => steps.map((inputs) => run(program, inputs)),
      dispose: async () => {},
    }),
    async *snapshot() {},
    writeState: async () => {},
    dispose: async () => {},
  };
}
