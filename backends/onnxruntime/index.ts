import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Backend, BackendDefinition, DeviceInfo } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { type OnnxruntimeOptions, onnxruntimeOptions } from './options.js';
import { suggestReplicas } from './suggest-replicas.js';

/** ONNX Runtime: the default backend, on the CPU of any machine. */
export const onnxruntimeBackend: BackendDefinition<OnnxruntimeOptions> = {
  name: 'onnxruntime',
  summary: 'ONNX Runtime on the CPU: whole training steps as one graph',
  options: onnxruntimeOptions,
  devices,
  exporters: {
    onnx: async (program, state) => {
      const { exportProgram } = await import('./export-program.js');
      return exportProgram(program, state);
    },
  },
  create: async (options): Promise<Backend> => {
    const topology = { rank: 0, world: 1, devices: await devices() };
    const threads = options.threads ?? availableParallelism();
    const { arena, replicas } = options;
    return {
      topology,
      engine: await engine(),
      open: async (state, session = {}) => {
        const { OnnxruntimeSession } = await import('./session.js');
        return OnnxruntimeSession.open(state, { arena, threads: session.threads ?? threads });
      },
      replication: {
        count: replicas,
        suggest: (work) => suggestReplicas({ ...work, threads, memory: totalmem() }),
        open: async (states) => {
          const { OnnxruntimeReplicas } = await import('./replicas.js');
          return OnnxruntimeReplicas.open(states, { arena, threads });
        },
      },
      allGather: async (bytes) => [bytes],
      dispose: async () => {},
    };
  },
};

/** Kernels are chosen by the instruction set, which the processor's name stands for. */
async function engine(): Promise<string> {
  const { env } = await import('onnxruntime-node');
  return `onnxruntime ${env.versions.node ?? env.versions.common}, ${process.arch}, ${processor()}`;
}

const processor = (): string => cpus()[0]?.model.trim() || 'CPU';

async function devices(): Promise<DeviceInfo[]> {
  try {
    await import('onnxruntime-node');
  } catch (cause) {
    throw new BackendError('unavailable', `onnxruntime-node cannot be loaded: ${(cause as Error).message}`, {
      hint: 'Install it for this platform: npm install onnxruntime-node',
      cause,
    });
  }
  return [{ id: 'cpu', kind: 'cpu', description: `${processor()}, ${availableParallelism()} threads` }];
}
