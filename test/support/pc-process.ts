import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BINARY, isolatedHome, PACKAGE_ROOT, type PcOptions, type PcResult } from './pc.js';

export interface PcProcessOptions extends PcOptions {
  /** Path of the script to run instead of this checkout's. */
  binary?: string;
}

/** Runs the built `pc` in a process of its own, as a user types it, with output that is not a terminal. */
export async function pcProcess(
  args: readonly string[],
  { cwd, env, binary = BINARY }: PcProcessOptions = {},
): Promise<PcResult> {
  const child = spawn(process.execPath, [binary, ...args], {
    cwd: cwd ?? PACKAGE_ROOT,
    env: { ...process.env, NODE_ENV: 'production', ...(env ?? isolatedHome()) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}
