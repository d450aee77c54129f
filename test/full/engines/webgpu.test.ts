import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../../backends/onnxruntime/index.js';
import { byteLength, declarations } from '../../../src/graph/index.js';
import { createModel } from '../../../src/models/index.js';
import type { Backend } from '../../../src/plugins/contracts.js';
import { optimOptions } from '../../../src/training/options.js';
import { buildStepPrograms } from '../../../src/training/step-programs.js';
import { RAW_LIMIT } from '../../../src/vocabulary/layout.js';
import { describeParity } from '../../backends/parity.js';
import { SMALL_MODELS } from '../../backends/small-models.js';
import { hasWebgpu } from '../../backends/software-vulkan.js';
import { describeTraining } from '../../backends/training-agreement.js';

const isHere = await hasWebgpu();
const backendOn = (device: string) =>
  onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ device, replicas: 1 }));

describe.runIf(isHere)('WebGPU', () => {
  let [cpu, gpu]: Backend[] = [];
  beforeAll(async () => {
    [cpu, gpu] = [await backendOn('cpu'), await backendOn('webgpu')];
  });

  describeParity(() => gpu!.open([]), 1e-5);

  describeTraining(() => ({ reference: cpu!, tried: gpu! }));

  it.each(['EvaByte', 'OpenCoder'] as const)('a step of %s runs no kernel on the CPU', async (name) => {
    expect(await kernelsOnCpu(gpu!, name)).toEqual([]);
  });
});

/** Operators that the profile of a step says the CPU computed. */
async function kernelsOnCpu(backend: Backend, name: keyof typeof SMALL_MODELS): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pc-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const model = createModel(SMALL_MODELS[name], { size: RAW_LIMIT, rawSize: RAW_LIMIT });
  const programs = buildStepPrograms(model, {
    batch: { rows: 2, sequenceLength: 64 },
    loss: { documentMask: true, weighted: false, chunkTokens: 32 },
    optim: optimOptions.parse({}),
    accumulation: 1,
    rematerialise: true,
  });
  const session = await backend.open(programs.state);
  const step = await session.load(programs.microBatch, { profile: join(folder, 'step') });
  const zeros = declarations(programs.microBatch, 'input').map(({ name: input, dtype, shape }) => {
    return [input, { dtype, shape, bytes: new Uint8Array(byteLength(dtype, shape)) }] as const;
  });
  await step.run([Object.fromEntries(zeros)]);
  await step.dispose();
  await session.dispose();
  const [profile] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, profile!), 'utf8')) as {
    args?: { provider?: string; op_name?: string };
  }[];
  const onCpu = events.filter(({ args }) => args?.provider === 'CPUExecutionProvider');
  return [...new Set(onCpu.map(({ args }) => args!.op_name!))].sort();
}
