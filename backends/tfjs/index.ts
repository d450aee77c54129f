import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import type { Backend, BackendDefinition, DeviceInfo } from '../../src/plugins/contracts.js';
import { workerEntry } from '../../src/support/worker-entry.js';
import { type Binding, chooseBinding, installedBindings, missingBinding } from './bindings.js';
import { tfjsInstallers } from './installation.js';
import { type TfjsOptions, tfjsOptions } from './options.js';

/** TensorFlow.js: TensorFlow's own library where it is installed, else WebAssembly, which comes with the package. */
export const tfjsBackend: BackendDefinition<TfjsOptions> = {
  name: 'tfjs',
  summary: 'TensorFlow.js: tfjs-node-gpu or tfjs-node where they are installed, WebAssembly everywhere',
  options: tfjsOptions,
  installers: tfjsInstallers,
  devices: async () => installedBindings().map(describe),
  missingDevices: async () =>
    (['gpu', 'cpu'] as const).flatMap((device) => {
      const missing = missingBinding(device);
      return missing === null ? [] : [{ device, ...missing }];
    }),
  create: async ({ device }): Promise<Backend> => {
    const binding = chooseBinding(device);
    // What TensorFlow would say of its own build. Its library reads the environment of the process, which a worker only has a copy of.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
    return {
      topology: { rank: 0, world: 1, devices: [describe(binding)] },
      engine: `${binding.package} ${versionOf(binding)}, ${process.arch}, ${cpus()[0]?.model.trim() ?? 'CPU'}`,
      open: async (state) => {
        const { SessionThread, ThreadedSession } = await import('../../src/plugins/session-thread/index.js');
        const thread = new SessionThread(workerEntry(import.meta.url, './worker.js'));
        return new ThreadedSession(thread, true).begin(state, binding);
      },
      allGather: async (bytes) => [bytes],
      dispose: async () => {},
    };
  },
};

function describe(binding: Binding): DeviceInfo {
  const where = {
    gpu: 'TensorFlow with CUDA',
    cpu: `TensorFlow on ${availableParallelism()} threads`,
    wasm: 'WebAssembly on one thread',
  }[binding.device];
  return {
    id: binding.device,
    kind: binding.device === 'gpu' ? 'gpu' : 'cpu',
    description: `${where}, ${binding.package} ${versionOf(binding)}`,
  };
}

function versionOf(binding: Binding): string {
  return (createRequire(binding.entry)(`${binding.package}/package.json`) as { version: string }).version;
}
