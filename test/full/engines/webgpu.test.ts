import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../../backends/onnxruntime/index.js';
import { byteLength, declarations, float32Values } from '../../../src/graph/index.js';
import { createModel } from '../../../src/models/index.js';
import type { Backend } from '../../../src/plugins/contracts.js';
import { optimOptions } from '../../../src/training/options.js';
import { buildStepPrograms } from '../../../src/training/step-programs.js';
import { RAW_LIMIT } from '../../../src/vocabulary/layout.js';
import { describeParity } from '../../backends/parity.js';
import { SMALL_MODELS, type Steps, trainSmall } from '../../backends/small-models.js';
import { hasWebgpu } from '../../backends/software-vulkan.js';

const isHere = await hasWebgpu();
const backendOn = (device: string) =>
  onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ device, replicas: 1 }));

describe.runIf(isHere)('WebGPU', () => {
  let [cpu, gpu]: Backend[] = [];
  beforeAll(async () => {
    [cpu, gpu] = [await backendOn('cpu'), await backendOn('webgpu')];
  });

  describeParity(() => gpu!.open([]), 1e-5);

  describe.each(['EvaByte', 'OpenCoder'] as const)('a step of %s', (name) => {
    it('changes parameters and moments as on the CPU', async () => {
      const [onCpu, onGpu] = [
        await trainSmall(cpu!, SMALL_MODELS[name], 1),
        await trainSmall(gpu!, SMALL_MODELS[name], 1),
      ];
      expect(onGpu.losses[0]).toBeCloseTo(onCpu.losses[0]!, 5);
      expect(onGpu.gradientNorms[0]).toBeCloseTo(onCpu.gradientNorms[0]!, 5);
      // Moments are the gradient, and its square, up to a factor. Parameters move by its sign, however small it is.
      for (const [entry, tensor] of onCpu.state)
        if (entry.startsWith('adam.m.'))
          expect(difference(float32Values(onGpu.state.get(entry)!), float32Values(tensor)), entry).toBeLessThan(2e-4);
    });

    it('runs no kernel on the CPU', async () => {
      expect(await kernelsOnCpu(gpu!, name)).toEqual([]);
    });
  });

  describe('200 steps', () => {
    let [onCpu, onGpu]: Steps[] = [];
    // One layer: software takes a millisecond for each of a step's kernels.
    const model = { ...SMALL_MODELS.EvaByte, layers: 1, predictionHeads: 1 };
    beforeAll(async () => {
      onCpu = await trainSmall(cpu!, model, 200);
      onGpu = await trainSmall(gpu!, model, 200);
    }, 900_000);

    it('have the losses of the CPU', () => {
      expect(onCpu!.losses.at(-1)).toBeLessThan(0.5 * onCpu!.losses[0]!);
      const gaps = onCpu!.losses.map((loss, step) => Math.abs(loss - onGpu!.losses[step]!));
      expect(Math.max(...gaps)).toBeLessThan(5e-3);
    });
  });
});

/** Largest difference of two tensors, relative to the largest element. */
function difference(a: Float32Array, b: Float32Array): number {
  const size = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / size;
}

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
