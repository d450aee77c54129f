import { availableParallelism, totalmem } from 'node:os';
import type { Backend, BackendDefinition, DeviceInfo, MissingDevice } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { type ChosenDevice, chooseDevice, cpuDevice, processor } from './device.js';
import { type OnnxruntimeOptions, onnxruntimeOptions } from './options.js';
import { suggestReplicas } from './suggest-replicas.js';
import { webgpuAdapters } from './webgpu-adapters.js';

/** ONNX Runtime: the default backend, on the CPU of any machine, or on a GPU through WebGPU. */
export const onnxruntimeBackend: BackendDefinition<OnnxruntimeOptions> = {
  name: 'onnxruntime',
  summary: 'ONNX Runtime on the CPU, or on a GPU by WebGPU: whole training steps as one graph',
  options: onnxruntimeOptions,
  devices,
  missingDevices,
  exporters: {
    onnx: async (program, state) => {
      const { exportProgram } = await import('./export-program.js');
      return exportProgram(program, state);
    },
  },
  create: async (options, log = () => {}): Promise<Backend> => {
    await requireRuntime();
    // Brings the writer of ONNX, which those who only look at the definition need not wait for.
    const { estimateMemory } = await import('./estimate-memory.js');
    const device = await chooseDevice(options.device, log);
    const topology = { rank: 0, world: 1, devices: [device.info] };
    const threads = options.threads ?? availableParallelism();
    const { arena, replicas } = options;
    const settings = { arena, device: device.provider };
    return {
      topology,
      engine: await engine(device),
      estimateMemory,
      open: async (state, session = {}) => {
        const { OnnxruntimeSession } = await import('./session.js');
        return OnnxruntimeSession.open(state, { ...settings, threads: session.threads ?? threads });
      },
      // A GPU divides the work by itself.
      ...(device.provider === 'cpu' && {
        replication: {
          count: replicas,
          suggest: (work) => suggestReplicas({ ...work, threads, memory: totalmem() }),
          open: async (states) => {
            const { OnnxruntimeReplicas } = await import('./replicas.js');
            return OnnxruntimeReplicas.open(states, { ...settings, threads });
          },
        },
      }),
      allGather: async (bytes) => [bytes],
      dispose: async () => {},
    };
  },
};

/** Kernels are chosen by the instruction set, which the processor's name stands for; on a GPU by its driver. */
async function engine({ provider, info }: ChosenDevice): Promise<string> {
  const { env } = await import('onnxruntime-node');
  const where = provider === 'cpu' ? processor() : `${provider}, ${info.description}`;
  return `onnxruntime ${env.versions.node ?? env.versions.common}, ${process.arch}, ${where}`;
}

async function requireRuntime(): Promise<void> {
  try {
    await import('onnxruntime-node');
  } catch (cause) {
    throw new BackendError('unavailable', `onnxruntime-node cannot be loaded: ${(cause as Error).message}`, {
      hint: 'Install it for this platform: npm install onnxruntime-node',
      cause,
    });
  }
}

async function devices(): Promise<DeviceInfo[]> {
  await requireRuntime();
  const { adapters } = await webgpuAdapters();
  return [cpuDevice(), ...adapters.map(({ id, kind, description }) => ({ id, kind, description }))];
}

async function missingDevices(): Promise<MissingDevice[]> {
  const { missing } = await webgpuAdapters();
  return missing === null ? [] : [{ device: 'webgpu', ...missing }];
}
