import type { BatchOptions, DataOptions } from '../data/options.js';
import type { BpbOptions } from '../evaluation/bpb/options.js';
import type { ModelOptions } from '../models/index.js';
import type { VocabularyOptions } from '../vocabulary/options.js';
import type { CheckpointOptions, LoggingOptions, LossOptions, OptimOptions, ValidationOptions } from './options.js';

/** What a training run is a function of, beside its data. The project's configuration has these sections. */
export interface TrainingSettings {
  name: string;
  seed: number;
  /** Optimizer steps in all. */
  steps: number;
  model: ModelOptions;
  vocabulary: VocabularyOptions;
  data: DataOptions;
  batch: BatchOptions;
  optim: OptimOptions;
  loss: LossOptions;
  compressors: Record<string, Record<string, unknown>>;
  checkpoint: CheckpointOptions;
  logging: LoggingOptions;
  validation: ValidationOptions;
  backend: { name: string } & Record<string, unknown>;
  bpb: BpbOptions;
}

/** Settings, or groups of them, that a resumed run may change; all others are part of what the run is. */
const MAY_CHANGE = [
  'name',
  'output',
  'steps',
  'checkpoint',
  'logging',
  'validation',
  'bpb',
  'backend',
  'batch.rematerialise',
  'data.root',
  'data.sources',
  'data.validation',
  'data.prefetch',
  'data.onBadRecord',
] as const;

/** Dotted names of settings that differ and may not on `--resume`. */
export function forbiddenChanges(before: object, after: object): string[] {
  return differences(before, after).filter(
    (name) => !MAY_CHANGE.some((allowed) => name === allowed || name.startsWith(`${allowed}.`)),
  );
}

/** Dotted names of all leaves in which two plain objects differ. */
function differences(a: unknown, b: unknown, at = ''): string[] {
  if (!isPlain(a) || !isPlain(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [at];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], at === '' ? key : `${at}.${key}`));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
