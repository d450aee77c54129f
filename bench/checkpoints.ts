/**
 * How fast checkpoints are saved and loaded, beside `cp` and `sync` of the same bytes on the same disk, and what saving
 * costs a training loop.
 *
 *     npm run bench:checkpoints [-- --megabytes 512] [--directory DIR] [--train]
 *
 * Saving, loading and copying are done in turn; the medians of five are compared. Loading is of files that are in the
 * cache, as `cp` reads them. To reach: 80 % of the throughput of `cp` + `sync`. With --train: the model evabyte-10m in a
 * process of its own, with a checkpoint every 100 steps and without, in turn; to reach: a step loop at most 5 % slower.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openCheckpoint, saveCheckpoint, type TensorSlice } from '../src/checkpoints/index.js';
import { run, seconds } from './measure.js';
import { median, printTable } from './report.js';

const ROUNDS = 5;
const TENSOR_BYTES = 1 << 24;
const STEPS = 210;

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '512' },
    directory: { type: 'string', default: tmpdir() },
    train: { type: 'boolean', default: false },
  },
});

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Tensors of 16 MiB of numbers that no disk compresses. */
function* tensors(bytes: number): Generator<TensorSlice> {
  const words = new Uint32Array(TENSOR_BYTES / 4);
  for (let i = 0, x = 1; i < words.length; i++) {
    x = Math.imul(x, 1664525) + 1013904223;
    words[i] = x;
  }
  const shape = [TENSOR_BYTES / 4096, 1024];
  for (let number = 0; number * TENSOR_BYTES < bytes; number++) {
    const tensor = { dtype: 'f32' as const, shape, bytes: new Uint8Array(words.buffer) };
    yield { name: `t${number}`, dtype: 'f32', globalShape: shape, offset: [0, 0], tensor };
  }
}

async function throughput(directory: string, bytes: number): Promise<void> {
  const times = { save: [] as number[], load: [] as number[], copy: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const content = { step: 1, state: null, configYaml: '', isOptimizer: () => false };
    times.save.push(await seconds(() => saveCheckpoint(directory, { ...content, slices: tensors(bytes) })));
    const path = join(directory, 'checkpoints/0000000001');
    times.load.push(
      await seconds(async () => {
        for await (const _ of (await openCheckpoint(path)).tensors());
      }),
    );
    const copy = join(directory, 'copy');
    times.copy.push(
      await seconds(() => {
        run('cp', '-r', path, copy);
        run('sync', ...readdirSync(copy).map((name) => join(copy, name)));
      }),
    );
    rmSync(copy, { recursive: true });
    rmSync(path, { recursive: true });
    // What the disk still has to do for one is not the next one's to wait for.
    run('sync');
  }
  const copied = median(times.copy);
  const rows = (['copy', 'save', 'load'] as const).map((what) => {
    const time = median(times[what]);
    return [
      what === 'copy' ? 'cp + sync' : what,
      time.toFixed(2),
      (bytes / 1e6 / time).toFixed(0),
      percent(copied / time),
    ];
  });
  console.log(`${(bytes / 1e6).toFixed(0)} MB, median of ${ROUNDS}`);
  printTable(['', 'seconds', 'MB/s', 'of cp + sync'], rows);
}

/** Milliseconds of a step of evabyte-10m, with a checkpoint after every so many steps. */
function stepTime(project: string, every: number): number {
  const run = join(project, `every-${every}`);
  const settings = [`steps=${STEPS}`, `checkpoint.every=${every}`, 'checkpoint.keep=1', 'logging.every=1'];
  const flags = ['--preset', 'evabyte-10m', '-o', run, ...settings.flatMap((setting) => ['--set', setting])];
  const pc = fileURLToPath(new URL('../bin/run.js', import.meta.url));
  const small = ['batch.size=1', 'batch.sequenceLength=512', 'data.validation=null', 'validation.every=null'];
  const args = [pc, 'train', '--force', ...flags, ...small.flatMap((setting) => ['--set', setting])];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  // The first steps allocate; from there to the last there are two checkpoints, each begun behind its step.
  const measured = lines.slice(9).map((line) => 512_000 / (JSON.parse(line).tokens_per_second as number));
  rmSync(run, { recursive: true });
  return measured.reduce((sum, time) => sum + time, 0) / measured.length;
}

function training(directory: string): void {
  const project = join(directory, 'project');
  mkdirSync(project);
  const pc = fileURLToPath(new URL('../bin/run.js', import.meta.url));
  const sources = fileURLToPath(new URL('../src', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [pc, 'data', 'import', sources], {
    cwd: project,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const [withSaves, without] = [[], []] as [number[], number[]];
  for (let round = 0; round < 2; round++) {
    without.push(stepTime(project, STEPS));
    withSaves.push(stepTime(project, 100));
  }
  const [slow, fast] = [median(withSaves), median(without)];
  console.log(
    `evabyte-10m, ${STEPS} steps: ${fast.toFixed(1)} ms a step without checkpoints, ${slow.toFixed(1)} ms with one`,
  );
  console.log(`every 100 steps: ${percent(slow / fast - 1)} more`);
}

const directory = mkdtempSync(join(options.directory, 'pc-bench-'));
try {
  if (options.train) training(directory);
  else await throughput(directory, Number(options.megabytes) * 1e6);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
