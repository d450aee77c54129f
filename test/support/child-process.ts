import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The URL of the compiled form of a source file, for programs that run outside the test process. */
export function compiled(source: `${'src' | 'backends' | 'compressors'}/${string}.js`): string {
  return pathToFileURL(`${ROOT}dist/${source}`).href;
}

export interface ChildOptions {
  /** Largest file it may write, in units of 1024 bytes (`ulimit -f` of bash). */
  fileSizeLimit?: number;
}

/** Starts an ES module, given as text, in a Node process of its own. */
export function startModule(code: string, { fileSizeLimit }: ChildOptions = {}): ChildProcess {
  const node = [process.execPath, '--input-type=module', '--eval', code];
  const limited = ['bash', '-c', `ulimit -f ${fileSizeLimit}; exec "$@"`, 'bash', ...node];
  const [command, ...args] = fileSizeLimit === undefined ? node : limited;
  return spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs an ES module, given as text, to its end. */
export async function runModule(
  code: string,
  options?: ChildOptions,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = startModule(code, options);
  const output = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}
