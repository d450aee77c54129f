import { z } from 'zod';
import { batchOptions, dataOptions } from '../data/options.js';
import { bpbOptions } from '../evaluation/bpb/options.js';
import { modelOptions } from '../models/options.js';
import {
  checkpointOptions,
  loggingOptions,
  lossOptions,
  optimOptions,
  validationOptions,
} from '../training/options.js';
import { vocabularyOptions } from '../vocabulary/options.js';

/** A name is the last part of a path: letters, digits, dots, hyphens and underscores. */
const RUN_NAME = /^[\w][\w.-]*$/;

const pluginOptions = z.record(z.string(), z.unknown());

/**
 * Everything that determines a run. Each section is declared by the module that reads it; this only puts them
 * together. Defaults, help, validation and `pc configs show` are all derived from here.
 */
export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(RUN_NAME, 'must be letters, digits, dots, hyphens and underscores')
    .default('default')
    .describe('name of the run'),
  seed: z
    .int()
    .nonnegative()
    .default(42)
    .describe('seed of everything random: initialisation, order and mix of the data'),
  steps: z.int().positive().default(1000).describe('optimizer steps of the run'),
  output: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('directory of the run: config.yaml, metrics.jsonl, checkpoints; null: runs/<name>'),
  model: modelOptions.describe('architecture and its hyper-parameters; presets provide them'),
  vocabulary: vocabularyOptions.prefault({}),
  data: dataOptions.prefault({}),
  batch: batchOptions.prefault({}),
  optim: optimOptions.prefault({}),
  loss: lossOptions.prefault({}),
  compressors: z
    .record(z.string(), pluginOptions)
    .default({})
    .describe("options of the compressor plugin of that name, checked against the plugin's own schema"),
  checkpoint: checkpointOptions.prefault({}),
  logging: loggingOptions.prefault({}),
  validation: validationOptions.prefault({}),
  backend: z
    .looseObject({
      name: z.string().default('onnxruntime').describe('name of a backend plugin; `pc backends` lists them'),
    })
    .prefault({})
    .describe("which engine computes; its further keys are the backend plugin's own options"),
  bpb: bpbOptions.prefault({}),
});

export type Config = z.infer<typeof configSchema>;

/** Directory of the run, relative to the working directory unless `output` is absolute. */
export function runDirectory(config: Pick<Config, 'name' | 'output'>): string {
  return config.output ?? `runs/${config.name}`;
}

/** Options of the chosen compressor as configured; the plugin's schema supplies what is absent. */
export function compressorOptions(config: Config): Record<string, unknown> {
  return config.compressors[config.data.compressor] ?? {};
}

/** Options of the chosen backend as configured; the plugin's schema supplies what is absent. */
export function backendOptions(config: Config): Record<string, unknown> {
  const { name: _, ...options } = config.backend;
  return options;
}
