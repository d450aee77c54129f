import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';
import { temporaryDirectory } from './temporary-directory.js';

export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const BINARY = join(PACKAGE_ROOT, 'bin/run.js');

export interface PcResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface PcOptions {
  cwd?: string;
  /** Variables beside those of this process. */
  env?: NodeJS.ProcessEnv;
}

/** Settings that give `pc` folders of its own for data, configuration and caches, below `home`. */
export function isolatedHome(home: string = temporaryDirectory()): NodeJS.ProcessEnv {
  return { PC_DATA_DIR: join(home, 'data'), PC_CONFIG_DIR: join(home, 'config'), PC_CACHE_DIR: join(home, 'cache') };
}

// As bin/run.js has it: commands are those that were built.
settings.enableAutoTranspile = false;

/** The call before: what belongs to the process (folder, environment, output) is one command's at a time. */
let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs the built `pc` in this process, with output that is not a terminal: a tenth of the time that a process of its own
 * takes. For what only a process has (signals, limits, plugins that are installed, its end) there is `pcProcess`.
 */
export function pc(
  args: readonly string[],
  { cwd = PACKAGE_ROOT, env = isolatedHome() }: PcOptions = {},
): Promise<PcResult> {
  const result = previous.then(() => runHere(args, cwd, env));
  previous = result.catch(() => undefined);
  return result;
}

async function runHere(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<PcResult> {
  const before = { cwd: process.cwd(), env: process.env, exitCode: process.exitCode };
  const output = captureOutput();
  process.chdir(cwd);
  process.env = { ...before.env, NODE_ENV: 'production', ...env };
  process.exitCode = undefined;
  let status: number;
  try {
    await run([...args], pathToFileURL(BINARY).href);
    status = Number(process.exitCode ?? 0);
  } catch (error) {
    const exit = exitStatus(error);
    if (exit === undefined) throw error;
    status = exit;
  } finally {
    output.release();
    process.chdir(before.cwd);
    process.env = before.env;
    process.exitCode = before.exitCode;
  }
  return { status, stdout: output.stdout, stderr: output.stderr };
}

/** What `this.exit(status)` of a command asks for; everything else that is thrown has escaped it, which is a fault. */
function exitStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIT' || !('oclif' in error))
    return undefined;
  return (error.oclif as { exit: number }).exit;
}

interface CapturedOutput {
  stdout: string;
  stderr: string;
  release(): void;
}

/** Keeps what is written to the standard streams and by `console`, which Vitest has taken over, and shows none of it. */
function captureOutput(): CapturedOutput {
  const { log, error } = console;
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  const captured: CapturedOutput = {
    stdout: '',
    stderr: '',
    release: () => {
      Object.assign(console, { log, error });
      for (const name of ['stdout', 'stderr'] as const) process[name].write = writes[name];
    },
  };
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: string | Uint8Array, ...rest: (string | (() => void) | undefined)[]): boolean => {
      captured[name] += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      const done = rest.find((argument) => typeof argument === 'function');
      if (done !== undefined) process.nextTick(done);
      return true;
    };
    process[name].write = write;
  }
  console.log = (...values: unknown[]) => {
    captured.stdout += `${format(...values)}\n`;
  };
  console.error = (...values: unknown[]) => {
    captured.stderr += `${format(...values)}\n`;
  };
  return captured;
}
