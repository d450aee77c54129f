import { availableParallelism, cpus } from 'node:os';
import type { DeviceInfo } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import type { SessionSettings } from './protocol.js';
import { type WebgpuAdapter, webgpuAdapters } from './webgpu-adapters.js';

/** Values of `--device`. */
export const DEVICE = /^(?:cpu|auto|webgpu(?::\d+)?)$/;

/** Where sessions compute. */
export interface ChosenDevice {
  provider: SessionSettings['device'];
  info: DeviceInfo;
}

export const processor = (): string => cpus()[0]?.model.trim() || 'CPU';

export const cpuDevice = (): DeviceInfo => ({
  id: 'cpu',
  kind: 'cpu',
  description: `${processor()}, ${availableParallelism()} threads`,
});

const CPU = (): ChosenDevice => ({ provider: 'cpu', info: cpuDevice() });

/** The adapter that this process computes on: the runtime takes one for all sessions. */
let taken: string | null = null;

/**
 * The device that a setting names. `auto` takes a GPU where there is one, and tells `log` where there is none.
 *
 * @throws BackendError('unavailable') saying what is missing and how to get it
 */
export async function chooseDevice(device: string, log: (message: string) => void): Promise<ChosenDevice> {
  if (device === 'cpu') return CPU();
  const { adapters, missing } = await webgpuAdapters();
  if (missing) {
    if (device !== 'auto')
      throw new BackendError('unavailable', `no WebGPU adapter works here: ${missing.reason}`, { hint: missing.hint });
    log(`the CPU computes: no WebGPU adapter works here (${missing.reason})`);
    return CPU();
  }
  const wanted = device.includes(':') ? adapters.find(({ id }) => id === device) : anyOf(adapters);
  if (!wanted)
    throw new BackendError('unavailable', `there is no device ${device}`, {
      hint: `Choose one of ${adapters.map(({ id }) => id).join(', ')}.`,
    });
  return { provider: 'webgpu', info: take(wanted) };
}

/** With several, the runtime takes the one of high performance. */
function anyOf(adapters: readonly WebgpuAdapter[]): WebgpuAdapter {
  if (adapters.length === 1) return adapters[0]!;
  const description = `the fastest of ${adapters.map((adapter) => adapter.description).join(', ')}`;
  return { id: 'webgpu', kind: 'gpu', description, environment: {} };
}

function take({ environment, ...info }: WebgpuAdapter): DeviceInfo {
  taken ??= info.id;
  if (taken !== info.id)
    throw new BackendError('unavailable', `this process computes on ${taken} already, and cannot on ${info.id} too`, {
      hint: 'Use another process: ONNX Runtime takes one WebGPU adapter for all sessions.',
    });
  Object.assign(process.env, environment);
  return info;
}
