import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { TrainingError } from '../../support/errors.js';
import type { LoggingOptions } from '../options.js';
import type { Metrics, MetricsLogger } from './metrics.js';
import { WANDB_BRIDGE } from './wandb-bridge.js';

export interface WandbRun {
  options: LoggingOptions['wandb'];
  /** Folder in which the library keeps its files. */
  directory: string;
  name: string;
  /** The same for a run and all that resume it, so that they are one run there too. */
  id: string;
  /** The resolved configuration, shown beside the run. */
  config: Record<string, unknown>;
  /** Told once if the bridge dies while training; training goes on, and metrics.jsonl has everything. */
  onProblem(message: string): void;
  /** The Python that has the library; `PC_PYTHON` or `python3` by default. */
  python?: string;
}

type Bridge = ChildProcessByStdio<Writable, Readable, Readable>;

/** Characters of the library's own messages that are kept to explain a failure. */
const KEPT_MESSAGES = 2000;

/**
 * Opens a run at Weights & Biases, by its own Python library in a process of its own.
 *
 * @throws TrainingError telling how to install the library where Python or it is missing, and what the library says
 *   where it refuses
 */
export async function openWandb(run: WandbRun): Promise<MetricsLogger> {
  const python = run.python ?? process.env.PC_PYTHON ?? 'python3';
  const bridge = spawn(python, ['-c', WANDB_BRIDGE], { stdio: ['pipe', 'pipe', 'pipe'] });
  const messages = keepLast(bridge.stderr);
  // A bridge that died is noticed by its exit, which says why; the broken pipe says nothing.
  bridge.stdin.on('error', () => {});
  const exited = new Promise<string>((resolve) => {
    bridge.once('error', (error) => resolve(error.message));
    bridge.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `status ${code}`}`));
  });
  const answer = Promise.race([firstAnswer(bridge), exited.then((failed): Answer => ({ failed, missing: false }))]);
  sendLine(bridge, initialisation(run));
  const { failed, missing } = await answer;
  if (failed !== undefined) throw refusal(failed, missing === true || bridge.pid === undefined, python, messages());
  return new WandbLogger(bridge, exited, run.onProblem);
}

/** The arguments of `wandb.init`. */
function initialisation({ options, directory, name, id, config }: WandbRun): object {
  const { project, entity, mode } = options;
  return { project, entity, mode, dir: directory, name, id, resume: 'allow', config };
}

interface Answer {
  failed?: string;
  missing?: boolean;
}

async function firstAnswer(bridge: Bridge): Promise<Answer> {
  for await (const line of createInterface({ input: bridge.stdout })) return JSON.parse(line) as Answer;
  // The output ended without an answer: how the process exits tells more.
  return new Promise(() => {});
}

function refusal(failed: string, missing: boolean, python: string, messages: string): TrainingError {
  if (missing)
    return new TrainingError(`Weights & Biases is not installed for ${python}: ${failed}`, {
      field: 'logging.wandb.enabled',
      hint: 'Run `python3 -m pip install wandb`, or set PC_PYTHON to a Python that has it, or leave out --wandb.',
    });
  const said = messages.trim() === '' ? '' : `\n${messages.trim()}`;
  return new TrainingError(`Weights & Biases refused the run: ${failed}${said}`, {
    field: 'logging.wandb',
    hint: 'Run `wandb login`, or set logging.wandb.mode to offline and upload later by `wandb sync`.',
  });
}

class WandbLogger implements MetricsLogger {
  private alive = true;

  constructor(
    private readonly bridge: Bridge,
    private readonly exited: Promise<string>,
    private readonly onProblem: (message: string) => void,
  ) {
    void exited.then((reason) => this.noticeExit(reason));
  }

  async log(step: number, metrics: Metrics): Promise<void> {
    if (!this.alive) return;
    const accepted = sendLine(this.bridge, { step, metrics: finiteOnly(metrics) });
    // A pipe breaks because its process has died, and the exit tells why.
    if (!accepted) await Promise.race([once(this.bridge.stdin, 'drain').catch(() => this.exited), this.exited]);
  }

  async close(): Promise<void> {
    this.alive = false;
    this.bridge.stdin.end();
    await this.exited;
  }

  private noticeExit(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.onProblem(`Weights & Biases stopped (${reason}); training goes on, and metrics.jsonl has every figure.`);
  }
}

/** JSON has no NaN, and the library no null. */
function finiteOnly(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

/** Returns false when the pipe is full. */
function sendLine({ stdin }: Bridge, message: object): boolean {
  return stdin.writable ? stdin.write(`${JSON.stringify(message)}\n`) : true;
}

function keepLast(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT_MESSAGES);
  });
  return () => text;
}
