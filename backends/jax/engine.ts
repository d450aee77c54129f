import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { HostTensor } from '../../src/graph/index.js';
import type { Topology } from '../../src/plugins/contracts.js';
import { BackendError, type BackendFailure } from '../../src/support/errors.js';
import { encodeFrame, FrameReader } from './frames.js';

/** What the engine is asked to use. */
export interface EngineSettings {
  platform: 'auto' | 'cpu' | 'gpu' | 'tpu';
  devices: number | null;
  shards: number | null;
  matmul: 'highest' | 'tensorfloat32' | 'bfloat16';
}

/** What it found. */
export interface EngineFacts {
  topology: Topology;
  /** With its version, and the kind of device. */
  engine: string;
}

export interface EngineProcess {
  python: string;
  arguments: readonly string[];
  environment: NodeJS.ProcessEnv;
}

export interface Reply<Body> {
  body: Body;
  tensors: readonly HostTensor[];
}

interface Pending {
  resolve(reply: Reply<unknown>): void;
  reject(error: Error): void;
}

interface ReplyHead {
  id: number;
  body?: unknown;
  error?: { failure: BackendFailure; message: string };
}

/** Lines of what Python printed that an error shows. */
const LAST_LINES = 12;
/** How long the process may take to end when it is asked to, in milliseconds. */
const PATIENCE = 5_000;

/**
 * A Python process that computes. It reads requests from a pipe, answers them in order, and ends when that pipe closes:
 * also when this process is killed. It is of a session of its own, so that Ctrl-C is for this process alone, which still
 * needs the state to save it. It keeps this process alive only while an answer is awaited.
 */
export class JaxEngine {
  private readonly pending = new Map<number, Pending>();
  private readonly reader = new FrameReader();
  private readonly ended: Promise<void>;
  private requests = 0;
  private closed: BackendError | null = null;
  private printed = '';

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.on('data', (piece: Buffer) => {
      if (this.closed === null) this.receive(piece);
    });
    child.stderr.on('data', (piece: Buffer) => {
      this.printed = lastLines(this.printed + piece.toString());
    });
    // A write to a process that has ended fails; what ended it is told by `close`.
    child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      child.on('error', (cause) => {
        this.close(new BackendError('unavailable', `Python cannot be started: ${cause.message}`, { cause }));
        resolve();
      });
      child.on('close', (code, signal) => {
        const how = signal === null ? `with code ${code}` : `by ${signal}`;
        this.close(new BackendError('failed', `the Python process of JAX ended ${how}${this.tail}`));
        resolve();
      });
    });
    this.holdProcess(false);
  }

  /** @throws BackendError('unavailable') if Python or jax does not start, or has not the devices that are asked for */
  static async start(
    command: EngineProcess,
    settings: EngineSettings,
  ): Promise<{ engine: JaxEngine; facts: EngineFacts }> {
    const child = spawn(command.python, command.arguments, { env: command.environment, stdio: 'pipe', detached: true });
    const engine = new JaxEngine(child);
    try {
      const { body } = await engine.request<EngineFacts>('start', settings);
      return { engine, facts: body };
    } catch (cause) {
      await engine.dispose();
      if (!(cause instanceof BackendError)) throw cause;
      throw new BackendError('unavailable', `JAX does not start with ${command.python}: ${cause.message}`, {
        hint: 'It takes a Python with jax, 0.7 to 0.10, and the devices that are asked for: `pc backends install jax` makes one; PC_JAX_PYTHON names another.',
        cause,
      });
    }
  }

  /** @throws BackendError what the engine answers, or that it has ended */
  request<Body = null>(name: string, body: object, tensors: readonly HostTensor[] = []): Promise<Reply<Body>> {
    if (this.closed) return Promise.reject(this.closed);
    const id = this.requests++;
    const frame = encodeFrame({ head: { id, name, body }, tensors });
    return new Promise<Reply<unknown>>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.holdProcess(true);
      for (const part of frame) this.child.stdin.write(part);
    }) as Promise<Reply<Body>>;
  }

  async dispose(): Promise<void> {
    this.close(new BackendError('failed', 'the engine has been disposed of'));
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    this.holdProcess(true);
    await this.ended;
    clearTimeout(timer);
  }

  private receive(piece: Uint8Array): void {
    try {
      for (const { head, tensors } of this.reader.add(piece)) this.settle(head as ReplyHead, tensors);
    } catch (cause) {
      // Where the next message begins nobody can tell.
      this.child.kill('SIGKILL');
      const why = cause instanceof Error ? cause.message : String(cause);
      this.close(new BackendError('failed', `the Python process of JAX sent what is no message: ${why}`, { cause }));
    }
    if (this.pending.size === 0) this.holdProcess(false);
  }

  private settle({ id, body, error }: ReplyHead, tensors: readonly HostTensor[]): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (error) pending?.reject(asBackendError(error));
    else pending?.resolve({ body, tensors });
  }

  private close(error: BackendError): void {
    this.closed ??= error;
    for (const { reject } of this.pending.values()) reject(this.closed);
    this.pending.clear();
  }

  private get tail(): string {
    const text = this.printed.trim();
    return text === '' ? '' : `. It printed last:\n${text.replace(/^/gm, '    ')}`;
  }

  /** Whether this process waits for the other one. */
  private holdProcess(hold: boolean): void {
    const { child } = this;
    for (const handle of [child, child.stdin, child.stdout, child.stderr])
      if (handle === child || handle instanceof Socket) hold ? handle.ref() : handle.unref();
  }
}

const HINTS: Partial<Record<BackendFailure, string>> = {
  'out-of-memory': 'Use a smaller batch.size, more batch.accumulation, more devices, or a smaller model.',
  'unsupported-operation': 'Choose another backend; `pc backends` lists them.',
};

function asBackendError({ failure, message }: NonNullable<ReplyHead['error']>): BackendError {
  const hint = HINTS[failure];
  return new BackendError(failure, `JAX: ${message}`, { ...(hint !== undefined && { hint }) });
}

function lastLines(text: string): string {
  return text
    .split('\n')
    .slice(-LAST_LINES - 1)
    .join('\n');
}
