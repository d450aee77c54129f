import { join } from 'node:path';
import { commandLineSource } from '../config/command-line.js';
import { type Config, type FlagSetting, type ResolvedConfig, serialiseConfig } from '../config/index.js';
import { resolveSources, withBases } from '../config/load.js';
import { presetSource } from '../config/presets.js';
import type { QuickstartLayout } from './layout.js';
import { BATCH } from './plan.js';

/** A model that a quickstart trains. */
export interface QuickstartModel {
  /** Name of its run. */
  name: string;
  /** In a sentence: `the byte model`. */
  title: string;
  /** The preset that describes it; batch, length and paths are the quickstart's. */
  recipe: string;
  /** Whether its text is compressed by a schedule, whose phases are to be fitted to the number of steps. */
  scheduled: boolean;
  /** Whether its compressor needs the tokenizer that the quickstart trains. */
  needsTokenizer: boolean;
}

/** Tokens of the tokenizer that the quickstart trains: about as many symbols as the codes of 12 bits. */
export const TOKENIZER_SIZE = 4096;

/** What is compared: equal in heads, symbols a step, context and floating-point operations. */
export const QUICKSTART_MODELS: readonly QuickstartModel[] = [
  { name: 'bytes', title: 'the byte model', recipe: 'bytes-1m', scheduled: false, needsTokenizer: false },
  { name: 'gzip', title: 'the gzip proxy', recipe: 'gzip-proxy-1m', scheduled: true, needsTokenizer: false },
  { name: 'bpe', title: 'the BPE proxy', recipe: 'token-proxy-1m', scheduled: true, needsTokenizer: true },
  { name: 'neural', title: 'the neural proxy', recipe: 'neural-proxy-12-1m', scheduled: true, needsTokenizer: false },
];

/** The one that proxies are compared with. */
export const BASELINE = QUICKSTART_MODELS[0]!;

/** Steps of the first phase of the schedule as a share of all: as in the reference's scripts. */
const FIRST_PHASE = 0.2;
/** Steps of learning-rate warmup as a share of all. */
const WARMUP = 0.05;
/**
 * A few hundred steps are too few for the recipes' gentle start: with this rate and embeddings of this size the same
 * half a million bytes ended at 3.0 bits per byte instead of 3.3.
 */
const LEARNING_RATE = 8e-3;
const EMBEDDING_STD = 0.05;
/** How often a run is looked at in its course. */
const LINES = 40;
const CHECKPOINTS = 4;
const VALIDATIONS = 6;
const VALIDATION_BATCHES = 4;

/** Configuration of a model's run as an object and as text. */
export interface RunConfig {
  config: Config;
  configYaml: string;
  directory: string;
}

/**
 * The configuration of a model's run: its recipe, with what the plan and the layout of the quickstart fix. The project
 * file of the working directory plays no part.
 */
export function runConfig(model: QuickstartModel, steps: number, layout: QuickstartLayout): RunConfig {
  const directory = join(layout.runs, model.name);
  const recipe = presetSource(model.recipe, { directory: '.', chain: [] });
  const settings = fixedSettings(model, steps, layout, directory);
  const { config, origins }: ResolvedConfig = resolveSources([
    ...withBases(recipe),
    commandLineSource(
      [],
      settings.map(([name, value]) => setting(name, value)),
    ),
  ]);
  return { config, configYaml: serialiseConfig(config, origins), directory };
}

function setting(name: string, value: unknown): FlagSetting {
  return { flag: 'pc quickstart', path: name.split('.'), value };
}

function fixedSettings(
  { name, scheduled, needsTokenizer }: QuickstartModel,
  steps: number,
  layout: QuickstartLayout,
  directory: string,
): [string, unknown][] {
  const every = (times: number) => Math.ceil(steps / times);
  const firstPhase = Math.ceil(FIRST_PHASE * steps);
  return [
    ['name', name],
    ['output', directory],
    ['steps', steps],
    ['batch.size', BATCH.size],
    ['batch.sequenceLength', BATCH.sequenceLength],
    ['model.init.embeddingStd', EMBEDDING_STD],
    ['optim.learningRate', LEARNING_RATE],
    ['optim.warmup', Math.ceil(WARMUP * steps)],
    ['data.root', layout.data],
    ['data.sources.train', 1],
    ['data.validation', layout.validation],
    ...(scheduled
      ? ([
          ['data.schedule.warmup', firstPhase],
          ['data.schedule.steady', steps - firstPhase],
        ] satisfies [string, unknown][])
      : []),
    ...(needsTokenizer ? ([['compressors.bpe.tokenizer', layout.tokenizer]] satisfies [string, unknown][]) : []),
    // As for the small vocabularies: memory is no matter at this size.
    ['loss.chunkTokens', null],
    ['checkpoint.every', every(CHECKPOINTS)],
    ['logging.every', every(LINES)],
    ['validation.every', every(VALIDATIONS)],
    ['validation.batches', VALIDATION_BATCHES],
    ['bpb.rawOnly', true],
    ['bpb.batchSize', BATCH.size],
  ];
}
