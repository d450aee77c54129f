import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../support/atomic-files.js';
import { systemErrorCode } from '../../support/output-failures.js';
import type { LoggingOptions } from '../options.js';
import { allLoggers, type MetricsLogger } from './metrics.js';
import { openMetricsFile } from './metrics-file.js';

export { METRICS, type MetricName, type MetricsLogger } from './metrics.js';

export { cutAfterStep } from './step-lines.js';

/** Names within a run's directory. */
export const METRICS_FILE = 'metrics.jsonl';
export const TENSORBOARD_DIRECTORY = 'tensorboard';
export const WANDB_ID_FILE = 'wandb-id.txt';

export interface LoggingRequest {
  options: LoggingOptions;
  /** The run's directory. */
  directory: string;
  name: string;
  /** The resolved configuration. */
  config: Record<string, unknown>;
  /** The step that a resumed run goes on from; null for a new one. */
  resumedStep: number | null;
  /** Told of what does not stop training. */
  onProblem(message: string): void;
}

/**
 * Opens every place that the options name: `metrics.jsonl` always, TensorBoard and Weights & Biases on request.
 *
 * @throws OutputError if a file cannot be written, TrainingError if Weights & Biases is asked for and not available
 */
export async function openMetricsLogger(request: LoggingRequest): Promise<MetricsLogger> {
  const { options, directory, resumedStep } = request;
  const loggers: MetricsLogger[] = [];
  try {
    // Weights & Biases may refuse, so it comes first: a refusal then leaves the run's files as they were.
    if (options.wandb.enabled) loggers.push(await openWandbRun(request));
    loggers.push(await openMetricsFile(join(directory, METRICS_FILE), resumedStep));
    if (options.tensorboard) {
      const { openTensorBoard } = await import('./tensorboard.js');
      loggers.push(await openTensorBoard(join(directory, TENSORBOARD_DIRECTORY), resumedStep));
    }
    return allLoggers(loggers);
  } catch (error) {
    await allLoggers(loggers).close();
    throw error;
  }
}

async function openWandbRun({ options, directory, name, config, onProblem }: LoggingRequest): Promise<MetricsLogger> {
  const { openWandb } = await import('./wandb.js');
  const id = await wandbId(join(directory, WANDB_ID_FILE));
  return openWandb({ options: options.wandb, directory, name, id, config, onProblem });
}

/** The run's id there, made at its first start. */
async function wandbId(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    const id = randomUUID().slice(0, 8);
    await writeFileAtomic(path, `${id}\n`);
    return id;
  }
}
