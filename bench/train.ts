/**
 * npm run bench:train -- [WIDTH,LAYERS,HEADS,MLP,ROWS,LENGTH,VOCABULARY] [--rounds N] [--steps N] [--threads N] [--replicas N,…]
 *
 * One training step (forward, backward, clipping, AdamW) of a byte transformer: EvaByte with one window, which is
 * causal attention. Prints symbols a second, floating-point operations a second, and the share of the rate of the
 * model's own matrix products measured in the same run. `--replicas 1,2` also times fixed numbers of them. Where PyTorch or JAX can be imported (PC_BENCH_PYTHON names
 * the interpreter, else python3), their steps on the same shapes run in between, and ratios are printed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { onnxruntimeBackend } from '../backends/onnxruntime/index.js';
import { buildInputs, createModel, modelOptions } from '../src/models/index.js';
import type { Backend } from '../src/plugins/contracts.js';
import { Random } from '../src/support/random/index.js';
import { initialParameters } from '../src/training/initialise.js';
import { measureMatmulRate } from '../src/training/matmul-rate.js';
import { lossOptions, optimOptions } from '../src/training/options.js';
import { TrainingSession } from '../src/training/training-session.js';
import { median, printTable } from './report.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '8' },
    threads: { type: 'string', default: String(availableParallelism()) },
    replicas: { type: 'string', default: '' },
  },
});
const shape = positionals[0] ?? '256,4,4,704,8,512,320';
const [width, layers, heads, mlp, rows, length, vocabulary] = shape.split(',').map(Number) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const rounds = Number(flags.rounds);
const steps = Number(flags.steps);
const threads = Number(flags.threads);
const python = process.env.PC_BENCH_PYTHON ?? 'python3';

interface Contender {
  name: string;
  /** Milliseconds of some steps, after a warm-up. */
  measure(): Promise<number[]>;
}

const backendWith = (options: object) =>
  onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ threads, ...options }));
const backend = await backendWith({});
const model = createModel(
  modelOptions.parse({
    architecture: 'evabyte',
    hiddenSize: width,
    layers,
    attentionHeads: heads,
    intermediateSize: mlp,
    windowSize: length,
    chunkSize: 16,
    predictionHeads: 1,
    init: { scheme: 'default' },
  }),
  { size: vocabulary, rawSize: Math.min(vocabulary, 320) },
);

async function ours(engine: Backend): Promise<number[]> {
  const batch = { size: rows, accumulation: 1, sequenceLength: length, rematerialise: false };
  const loss = lossOptions.parse({ documentMask: false });
  const session = await TrainingSession.open(engine, { model, batch, loss, optim: optimOptions.parse({}) });
  await session.session.writeState(initialParameters(model, 0));
  const random = Random.fromSeed(0);
  const times: number[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const ids = Int32Array.from({ length: rows * (length + 1) }, () => random.integer(vocabulary));
    const spec = { rows, sequenceLength: length, views: 2, documentMask: false, multibyteWeights: null };
    const start = performance.now();
    await session.step([buildInputs(spec, ids)], { learningRate: 1e-3, updateNumber: step + 1 });
    if (step >= 2) times.push(performance.now() - start);
  }
  await session.dispose();
  return times;
}

function peer(script: string, ...more: string[]): () => Promise<number[]> {
  const file = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  return async () => {
    const output = execFileSync(python, [file, shape, String(threads), String(steps), ...more], { encoding: 'utf8' });
    return (JSON.parse(output.trim().split('\n').at(-1)!) as { milliseconds: number[] }).milliseconds;
  };
}

const importable = (module: string) => spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;

const contenders: Contender[] = [{ name: 'proxy-compression', measure: () => ours(backend) }];
for (const replicas of flags.replicas.split(',').filter(Boolean).map(Number)) {
  const fixed = await backendWith({ replicas });
  contenders.push({ name: `… with ${replicas} replica${replicas === 1 ? '' : 's'}`, measure: () => ours(fixed) });
}
if (importable('torch')) {
  contenders.push({ name: 'torch.compile', measure: peer('torch_train_step.py', 'compiled') });
  contenders.push({ name: 'torch eager', measure: peer('torch_train_step.py', 'eager') });
} else process.stdout.write(`PyTorch is left out: ${python} cannot import torch\n`);
if (importable('jax') && importable('optax')) contenders.push({ name: 'JAX jit', measure: peer('jax_train_step.py') });
else process.stdout.write(`JAX is left out: ${python} cannot import jax and optax\n`);

// In turn, so that whatever else the machine does falls on all of them.
const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
let productRate = 0;
for (let round = 0; round < rounds; round++) {
  productRate = Math.max(productRate, await productRateOnce());
  for (const { name, measure } of contenders) times.get(name)!.push(...(await measure()));
}

function productRateOnce(): Promise<number> {
  const tokens = rows * length;
  return measureMatmulRate(backend, [
    { rows: tokens, inner: width, columns: width },
    { rows: tokens, inner: width, columns: mlp },
    { rows: tokens, inner: mlp, columns: width },
    { rows: tokens, inner: width, columns: vocabulary },
  ]);
}

const flops = model.flops({ sequenceLength: length, rawShare: 1 }) * rows * length;
const own = median(times.get('proxy-compression')!);
process.stdout.write(
  `(width, layers, heads, MLP, rows, length, vocabulary) = (${shape}), float32, ${threads} threads, ${rounds} rounds of ${steps} steps\n` +
    `matrix products of the model, best of the run: ${(productRate / 1e9).toFixed(0)} GFLOP/s\n\n`,
);
printTable(
  ['', 'ms a step', 'symbols/s', 'GFLOP/s', 'share of products', 'speed of proxy-compression'],
  contenders.map(({ name }) => {
    const milliseconds = median(times.get(name)!);
    const rate = (flops / milliseconds) * 1000;
    return [
      name,
      milliseconds.toFixed(0),
      ((rows * length * 1000) / milliseconds).toFixed(0),
      (rate / 1e9).toFixed(1),
      `${((100 * rate) / productRate).toFixed(1)} %`,
      name === 'proxy-compression' ? '' : `${(milliseconds / own).toFixed(2)} ×`,
    ];
  }),
);
