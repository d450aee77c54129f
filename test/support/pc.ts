import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './temporary-directory.js';

export const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BINARY = join(PACKAGE_ROOT, 'bin/run.js');

export interface PcResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface PcOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Path of the script to run instead of this checkout's. */
  binary?: string;
}

/** Settings that give `pc` folders of its own for data, configuration and caches, below `home`. */
export function isolatedHome(home: string = temporaryDirectory()): NodeJS.ProcessEnv {
  return { PC_DATA_DIR: join(home, 'data'), PC_CONFIG_DIR: join(home, 'config'), PC_CACHE_DIR: join(home, 'cache') };
}

/** Runs the built `pc` as a user types it, with output that is not a terminal. */
export async function pc(args: readonly string[], { cwd, env, binary = BINARY }: PcOptions = {}): Promise<PcResult> {
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
