/**
 * Run as a process of its own: the memory that two steps of a preset take at most, less what the process had before its
 * first session, and what was expected of them. Prints both in bytes, as JSON. Linux alone counts the most resident memory.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { buildInputs, createModel, modelOptions, vocabularySizes } from '../../src/models/index.js';
import { Random } from '../../src/support/random/index.js';
import { initialParameters } from '../../src/training/initialise.js';
import { lossOptions, optimOptions } from '../../src/training/options.js';
import { plannedSessions, TrainingSession } from '../../src/training/training-session.js';
import { RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';

const preset = parse(
  readFileSync(new URL(`../../configs/models/${process.argv[2]}.yaml`, import.meta.url), 'utf8'),
) as {
  model: object;
  batch: { size: number; accumulation?: number; sequenceLength: number };
};
const model = createModel(modelOptions.parse(preset.model), vocabularySizes(RAW_LIMIT));
const batch = { accumulation: 1, rematerialise: false, ...preset.batch };
const options = { model, batch, loss: lossOptions.parse({}), optim: optimOptions.parse({}) };
const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
const expected = backend.estimateMemory!(plannedSessions(backend, options));

const resident = (entry: 'VmRSS' | 'VmHWM') =>
  1024 * Number(new RegExp(`${entry}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]);
globalThis.gc?.();
const before = resident('VmRSS');
writeFileSync('/proc/self/clear_refs', '5'); // the most begins anew (proc_pid_clear_refs(5))

const session = await TrainingSession.open(backend, options);
await session.session.writeState(initialParameters(model, 0));
const random = Random.fromSeed(0);
const rows = batch.size / batch.accumulation;
const views = 1 + model.heads + model.rawHeads;
for (let step = 0; step < 2; step++) {
  const microBatches = Array.from({ length: batch.accumulation }, () => {
    const symbols = { length: rows * (batch.sequenceLength + views - 1) };
    const ids = Int32Array.from(symbols, () => RAW_OFFSET + random.integer(RAW_LIMIT - RAW_OFFSET));
    const { sequenceLength } = batch;
    return buildInputs({ rows, sequenceLength, views, documentMask: true, multibyteWeights: null }, ids);
  });
  await session.step(microBatches, { learningRate: 1e-3, updateNumber: step + 1 });
}
process.stdout.write(`${JSON.stringify({ expected, measured: resident('VmHWM') - before })}\n`);
await session.dispose();
