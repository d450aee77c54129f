import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { latestCheckpoint } from '../../src/checkpoints/index.js';
import { loadConfig, loadConfigFile, loadRunConfig, serialiseConfig } from '../../src/config/index.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import type { RunStart } from '../../src/training/run-start.js';
import { type TrainingObserver, type TrainingSummary, train } from '../../src/training/trainer.js';
import { jsonl } from '../data/temporary-data.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A model that trains thousands of symbols a second. */
export const TINY_MODEL = {
  architecture: 'evabyte',
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 1,
  attentionHeads: 2,
  windowSize: 16,
  chunkSize: 4,
  predictionHeads: 2,
};

/** It learns half raw bytes and half bits of a few kilobytes of text. */
const TINY_PROJECT = {
  steps: 12,
  model: TINY_MODEL,
  data: { compressor: 'bit', mix: 'sentinel', rate: 0.5, validation: 'data/validation' },
  batch: { size: 4, sequenceLength: 32 },
  optim: { learningRate: 1e-2, warmup: 2 },
  checkpoint: { every: 5, keep: 0 },
  logging: { every: 3 },
  // Threads and replicas have tests of their own; the tests of the suite run side by side.
  backend: { threads: 1 },
};

/** Sentences that a small model can learn something of, different for every document. */
function sentences(count: number, first = 0): string[] {
  const words = ['the', 'model', 'reads', 'bytes', 'and', 'writes', 'symbols', 'of', 'text'];
  return Array.from({ length: count }, (_, i) => {
    const length = 20 + ((i + first) % 17);
    return Array.from({ length }, (_, j) => words[((i + first) * 7 + j * (1 + ((i + first) % 4))) % words.length]).join(
      ' ',
    );
  });
}

/** A directory with a project file and data, as `pc init` would make it; by default removed when the running test ends. */
export function tinyProject(overrides: object = {}, directory: string = temporaryDirectory()): string {
  writeFileSync(join(directory, 'pc.config.yaml'), stringify({ ...TINY_PROJECT, ...overrides }));
  for (const [folder, texts] of [
    ['train', sentences(120)],
    ['validation', sentences(6, 1000)],
  ] as const) {
    mkdirSync(join(directory, 'data', folder), { recursive: true });
    writeFileSync(join(directory, 'data', folder, 'source.chunk.00001.jsonl'), jsonl(texts));
  }
  return directory;
}

export interface TinyRunOptions {
  /** Name of the run. */
  name?: string;
  /** `a.b=value`, as after `--set`. */
  set?: string[];
  start?: RunStart;
  force?: boolean;
  /** Stops the run after this step. */
  stopAfter?: number;
  observer?: Partial<TrainingObserver>;
  onProblem?: (message: string) => void;
}

/** Trains in a project in this process, as `pc train` does. */
export async function trainTiny(
  project: string,
  {
    name = 'run',
    set = [],
    start = { kind: 'new' },
    force = false,
    stopAfter,
    observer = {},
    onProblem = () => undefined,
  }: TinyRunOptions = {},
): Promise<TrainingSummary> {
  const directory = join(project, 'runs', name);
  const places = [`data.root=${join(project, 'data')}`, `data.validation=${join(project, 'data/validation')}`];
  const { config, origins } =
    start.kind === 'resume'
      ? await loadRunConfig(join(start.checkpoint ?? directory, 'config.yaml'), { set })
      : await loadConfig({ cwd: project, set: [...places, ...set] });
  const stop = new AbortController();
  return train(
    {
      settings: config,
      configYaml: serialiseConfig(config, origins),
      readConfig: async (file) => (await loadConfigFile(file)).config,
      directory,
      registry: builtinRegistry(join(project, 'artifacts')),
      start,
      force,
      version: 'test',
      onProblem,
    },
    {
      onStart: ({ step }) => {
        if (step === stopAfter) stop.abort();
      },
      onValidation: () => undefined,
      onCheckpoint: () => undefined,
      onSaveFailure: () => undefined,
      ...observer,
      onStep: (progress) => {
        if (progress.step === stopAfter) stop.abort();
        observer.onStep?.(progress);
      },
    },
    stop.signal,
  );
}

export type MetricsLine = Record<string, number>;

export function metricsOf(project: string, name = 'run'): MetricsLine[] {
  const text = readFileSync(join(project, 'runs', name, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricsLine);
}

/** Figures of time, which differ from run to run. */
const TIMES = ['tokens_per_second', 'bytes_per_second', 'share_of_peak', 'data_wait', 'created_at'];

/** Everything in `metrics.jsonl` that a run computes. */
export function computedMetrics(project: string, name = 'run'): object[] {
  return metricsOf(project, name).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([figure]) => !TIMES.includes(figure))),
  );
}

/** SHA-256 of every tensor file of the newest checkpoint: parameters and moments. */
export async function tensorFiles(project: string, name = 'run'): Promise<Record<string, string>> {
  const { path } = (await latestCheckpoint(join(project, 'runs', name)))!;
  const files = readdirSync(path).filter((file) => file.endsWith('.safetensors'));
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(path, file)))
        .digest('hex'),
    ]),
  );
}
