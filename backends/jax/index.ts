import type { Backend, BackendDefinition, DeviceInfo } from '../../src/plugins/contracts.js';
import { groupBy } from '../../src/support/group-by.js';
import type { JaxEngine } from './engine.js';
import { jaxInstallers } from './environment.js';
import { rawBytes } from './frames.js';
import { type JaxOptions, jaxOptions } from './options.js';

/** JAX and XLA: one device or many, over which parameters and rows are divided. */
export const jaxBackend: BackendDefinition<JaxOptions> = {
  name: 'jax',
  summary: 'JAX: models and batches divided over many devices, and many machines',
  options: jaxOptions,
  devices: async () => {
    const backend = await create(jaxOptions.parse({}));
    await backend.dispose();
    return summarise(backend.topology.devices);
  },
  create,
  installers: jaxInstallers,
};

async function create(options: JaxOptions): Promise<Backend> {
  const { engineProcess } = await import('./python-command.js');
  const { JaxEngine } = await import('./engine.js');
  const { JaxSession, programKeeper } = await import('./session.js');
  const { device: platform, devices, shards, matmul } = options;
  const command = engineProcess(options);
  const { engine, facts } = await JaxEngine.start(command, { platform, devices, shards, matmul });
  const keepProgram = programKeeper(options.programs);
  return {
    topology: facts.topology,
    engine: facts.engine,
    open: (state) => JaxSession.open(engine, state, keepProgram),
    programs: 'together',
    allGather: async (bytes) => gather(engine, facts.topology.world, bytes),
    dispose: () => engine.dispose(),
  };
}

async function gather(engine: JaxEngine, world: number, bytes: Uint8Array): Promise<Uint8Array[]> {
  if (world === 1) return [bytes];
  const { tensors } = await engine.request('allGather', {}, [rawBytes(bytes)]);
  return tensors.map((tensor) => tensor.bytes);
}

/** Devices by their kind, which is what `--device` chooses. */
function summarise(devices: readonly DeviceInfo[]): DeviceInfo[] {
  return [...groupBy(devices, ({ kind }) => kind)].map(([kind, alike]) => ({
    id: kind,
    kind,
    description: `${alike.length} × ${alike[0]!.description}`,
  }));
}
