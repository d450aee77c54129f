import type { DeviceInfo, MissingDevice } from './contracts.js';
import { originName, type PluginRegistry, type Registered } from './registry.js';

/** Whether a plugin works on this machine; `reason` says why not. */
export type Availability = { works: true } | { works: false; reason: string };

export interface CompressorStatus {
  name: string;
  summary: string;
  /** `built-in`, or the package with its version. */
  origin: string;
  availability: Availability;
}

export interface BackendStatus extends CompressorStatus {
  devices: DeviceInfo[];
  /** Devices that it could use and does not find here. */
  missing: MissingDevice[];
}

/** How long a plugin may take to show that it works, in milliseconds. */
const PROBE_TIMEOUT = 20_000;

/** Text that every compressor of source code can represent. */
const SAMPLE = new TextEncoder().encode('def f(x):\n    return x + 1\n');

/** Every compressor, tried out with its default options on a line of source code. */
export async function compressorStatuses(registry: PluginRegistry): Promise<CompressorStatus[]> {
  const statuses: CompressorStatus[] = [];
  for (const [name, registered] of registry.compressors)
    statuses.push({
      ...describe(name, registered),
      availability: await available(() => tryCompressor(registry, name)),
    });
  return statuses;
}

/** Every backend with the devices it finds here. */
export async function backendStatuses(registry: PluginRegistry): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  for (const [name, registered] of registry.backends) {
    let devices: DeviceInfo[] = [];
    let missing: MissingDevice[] = [];
    const availability = await available(async () => {
      devices = await registered.definition.devices();
      missing = (await registered.definition.missingDevices?.()) ?? [];
      if (devices.length === 0) throw new Error('no device was found');
    });
    statuses.push({ ...describe(name, registered), availability, devices, missing });
  }
  return statuses;
}

function describe(name: string, { definition, origin }: Registered<{ summary: string }>) {
  return { name, summary: definition.summary, origin: originName(origin) };
}

async function tryCompressor(registry: PluginRegistry, name: string): Promise<void> {
  const compressor = await registry.createCompressor(name);
  try {
    const decoded = await compressor.decode(await compressor.encode(SAMPLE));
    if (Buffer.compare(decoded, SAMPLE) !== 0) throw new Error('it does not decode what it encoded');
  } finally {
    await compressor.dispose?.();
  }
}

/** Runs a probe; its failure, or its silence, becomes the reason. */
async function available(probe: () => Promise<void>): Promise<Availability> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_TIMEOUT / 1000} s`)), PROBE_TIMEOUT);
  });
  try {
    await Promise.race([probe(), silence]);
    return { works: true };
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
