/**
 * How fast models are converted to the hub's form and back, beside `cp` and `sync` of what each conversion writes, and how
 * much memory that takes.
 *
 *     npm run bench:conversion [-- --megabytes 1900] [--rounds 3] [--directory DIR]
 *
 * The model is a Transformer of float32 with that many bytes. Every conversion is followed by a copy of its result on the same disk, and both
 * are synced; what they read is in the cache. Medians are compared. To reach: 1.5 times the time of the copy, with less
 * than 1 GB of memory.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { openCheckpoint, saveCheckpoint, type TensorSlice } from '../src/checkpoints/index.js';
import { loadConfigFile } from '../src/config/index.js';
import { exportToHub, importFromHub, type WeightType } from '../src/conversion/index.js';
import { elementCount } from '../src/graph/index.js';
import { createModel, modelOptions, vocabularySizes } from '../src/models/index.js';
import { run, seconds } from './measure.js';
import { median, printTable } from './report.js';

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1900' },
    rounds: { type: 'string', default: '3' },
    directory: { type: 'string', default: tmpdir() },
  },
});

const VOCABULARY = 32_000;
const WIDTH = 2048;

/** Parameters of a block of this width are 12 · width² or a few more. */
function modelOfBytes(bytes: number) {
  const tables = 2 * VOCABULARY * WIDTH;
  const layers = Math.max(1, Math.round((bytes / 4 - tables) / (12 * WIDTH * WIDTH)));
  const model = { architecture: 'opencoder', hiddenSize: WIDTH, intermediateSize: Math.round((8 * WIDTH) / 3), layers };
  return modelOptions.parse({ ...model, attentionHeads: 16 });
}

/** Weights of about the size that trained ones have; which they are does not matter, but that no disk compresses them. */
function* weights(model: ReturnType<typeof modelOfBytes>): Generator<TensorSlice> {
  const { parameters } = createModel(model, vocabularySizes(VOCABULARY));
  const values = new Float32Array(Math.max(...parameters.map(({ shape }) => elementCount(shape))));
  for (let i = 0, x = 1; i < values.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    values[i] = x / 2 ** 36;
  }
  for (const { name, shape } of parameters) {
    const bytes = new Uint8Array(values.buffer, 0, 4 * elementCount(shape));
    const tensor = { dtype: 'f32' as const, shape: [...shape], bytes };
    yield { name, dtype: 'f32', globalShape: [...shape], offset: shape.map(() => 0), tensor };
  }
}

function copyAndSync(from: string, to: string): void {
  run('cp', '-r', from, to);
  run('sync', ...readdirSync(to).map((name) => join(to, name)), to);
}

const bytesIn = (directory: string): number =>
  readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);

async function measure(directory: string): Promise<void> {
  const model = modelOfBytes(Number(options.megabytes) * 1e6);
  const layout = { size: VOCABULARY, compressedOffset: 0, alphabetSize: VOCABULARY, rawIncluded: false };
  const path = await saveCheckpoint(directory, {
    step: 1,
    state: { vocabulary: { layout, compressor: 'none' } },
    configYaml: stringify({ model, data: { compressor: 'gzip', validation: null }, batch: { sequenceLength: 2048 } }),
    slices: weights(model),
    isOptimizer: () => false,
  });
  const checkpoint = await openCheckpoint(path);
  const { config } = await loadConfigFile(join(path, 'config.yaml'));
  const [exported, imported, copy] = ['hub', 'back', 'copy'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const settings = {
    checkpoint,
    run: config,
    runDirectory: null,
    tokenizerFile: null,
    output: exported,
    rawHeads: 'discard',
  } as const;
  const conversions = (['fp32', 'bf16', 'fp16'] as const).flatMap((dtype: WeightType) => [
    {
      name: `--to hf --dtype ${dtype}`,
      output: exported,
      work: () => exportToHub({ ...settings, dtype, shardBytes: 5e9, force: false }),
      times: [] as number[],
      copies: [] as number[],
      bytes: 0,
    },
    {
      name: `--from hf, ${dtype}`,
      output: imported,
      work: () => importFromHub(exported, { output: imported, force: false }),
      times: [] as number[],
      copies: [] as number[],
      bytes: 0,
    },
  ]);
  for (let round = 0; round < Number(options.rounds); round++)
    for (const conversion of conversions) {
      const { output, work, times, copies } = conversion;
      if (output === exported) rmSync(exported, { recursive: true, force: true });
      // What the disk still has to do for one is not the next one's to wait for.
      run('sync');
      times.push(await seconds(work));
      copies.push(await seconds(() => copyAndSync(output, copy)));
      conversion.bytes = bytesIn(output);
      rmSync(copy, { recursive: true });
      rmSync(imported, { recursive: true, force: true });
    }
  const figures = conversions.map(({ name, bytes, times, copies }) => {
    const [time, copied] = [median(times), median(copies)];
    return [name, (bytes / 1e6).toFixed(0), time.toFixed(2), copied.toFixed(2), (time / copied).toFixed(2)];
  });
  printTable(['', 'MB written', 'seconds', 'cp + sync', 'ratio'], figures);
  console.log(`largest memory of the process: ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`);
}

const directory = mkdtempSync(join(options.directory, 'pc-bench-'));
try {
  await measure(directory);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
