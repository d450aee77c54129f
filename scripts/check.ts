/**
 * What `npm run check` does: types, lint, layers of imports and unused code, all at once, since each keeps one core busy. Prints
 * what each says when it has ended, and fails if one does.
 *
 *     npm run check
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Scripts of package.json, the longest first. */
const CHECKS = ['check:types', 'check:imports', 'check:unused', 'check:lint'];

async function runScript(name: string): Promise<boolean> {
  const started = performance.now();
  // npm is a script of its own name on Windows.
  const child = spawn('npm', ['run', '--silent', name], { cwd: ROOT, shell: process.platform === 'win32' });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => output.push(part));
  const [status] = (await once(child, 'close')) as [number | null];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`=== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  process.stdout.write(Buffer.concat(output));
  return status === 0;
}

const passed = await Promise.all(CHECKS.map(runScript));
if (passed.includes(false)) process.exitCode = 1;
