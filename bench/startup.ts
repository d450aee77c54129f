/** What `pc` costs over bare Node before it does anything, in milliseconds of wall time. To reach: at most 200 for help. */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { median } from './report.js';

const BINARY = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const RUNS = 9;

const CASES: Readonly<Record<string, readonly string[]>> = {
  'node -e 0': ['-e', '0'],
  'pc --version': [BINARY, '--version'],
  'pc --help': [BINARY, '--help'],
  'pc compressors --help': [BINARY, 'compressors', '--help'],
};

function millisecondsOf(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: tmpdir(), stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`);
  return performance.now() - started;
}

// Interleaved, so that whatever else the machine does falls on all of them.
const times = new Map(Object.keys(CASES).map((name) => [name, [] as number[]]));
for (let run = 0; run < RUNS; run++)
  for (const [name, args] of Object.entries(CASES)) times.get(name)!.push(millisecondsOf(args));

const bare = median(times.get('node -e 0')!);
console.log(`median of ${RUNS} runs        ms  over node`);
for (const [name, values] of times) {
  const total = median(values);
  console.log(`${name.padEnd(22)} ${total.toFixed(0).padStart(4)} ${(total - bare).toFixed(0).padStart(10)}`);
}
