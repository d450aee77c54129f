import { availableParallelism, cpus } from 'node:os';
import type { Backend, BackendDefinition, DeviceInfo } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { type OnnxruntimeOptions, onnxruntimeOptions } from './options.js';

/** ONNX Runtime: the default backend, on the CPU of any machine. */
export const onnxruntimeBackend: BackendDefinition<OnnxruntimeOptions> = {
  name: 'onnxruntime',
  summary: 'ONNX Runtime on the CPU: whole training steps as one graph',
  options: onnxruntimeOptions,
  devices,
  create: async ({ threads, arena }): Promise<Backend> => {
    const topology = { rank: 0, world: 1, devices: await devices() };
    return {
      topology,
      engine: await engine(),
      open: async (state, session = {}) => {
        const { OnnxruntimeSession } = await import('./session.js');
        const count = session.threads ?? threads;
        return OnnxruntimeSession.open(state, { arena, ...(count !== null && { threads: count }) });
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
