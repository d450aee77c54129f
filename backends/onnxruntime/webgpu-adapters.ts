import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DeviceInfo } from '../../src/plugins/contracts.js';
import { workerEntry } from '../../src/support/worker-entry.js';
import { DRIVER_VARIABLES, driverName, vulkanDrivers } from './vulkan-drivers.js';

/** An adapter that works, and how the runtime is made to take it. */
export interface WebgpuAdapter extends DeviceInfo {
  /** Of the process, before its first session. */
  environment: Record<string, string>;
}

/** Why there is none, and how to get one. */
export interface NoAdapter {
  reason: string;
  hint: string;
}

export interface WebgpuAdapters {
  adapters: WebgpuAdapter[];
  /** Null where there are adapters. */
  missing: NoAdapter | null;
}

/** Longest time that a probe may take, in milliseconds: less than what `pc doctor` waits. */
const PROBE_TIMEOUT = 15_000;

const SOFTWARE = 'Without a GPU, SwiftShader computes in software: `apt install chromium libvulkan1`, then';
const HINT = `Install the Vulkan driver of the GPU (Debian: libvulkan1, and mesa-vulkan-drivers or NVIDIA's). ${SOFTWARE} set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json.`;

let found: Promise<WebgpuAdapters> | null = null;

/** What WebGPU finds here, each tried out. Looked for once a process. */
export function webgpuAdapters(): Promise<WebgpuAdapters> {
  found ??= process.platform === 'linux' ? adaptersOfDrivers() : onlyAdapter();
  return found;
}

/** The runtime cannot be told which adapter to take; on Linux it sees those of the drivers it is shown. */
async function adaptersOfDrivers(): Promise<WebgpuAdapters> {
  const drivers = await vulkanDrivers();
  if (drivers.length === 0) return none('no Vulkan driver is installed');
  const failure = await probe({});
  if (failure !== null) return none(`${failure}, by the Vulkan drivers ${drivers.map(driverName).join(', ')}`);
  const environments = drivers.map((driver) =>
    Object.fromEntries(DRIVER_VARIABLES.map((variable) => [variable, driver])),
  );
  const failures = drivers.length === 1 ? [null] : await Promise.all(environments.map(probe));
  const adapters = drivers.flatMap((driver, index): WebgpuAdapter[] => {
    if (failures[index] !== null) return [];
    const description = `Vulkan driver ${driverName(driver)}`;
    return [{ id: `webgpu:${index}`, kind: 'gpu', description, environment: environments[index]! }];
  });
  // All together worked, and none by itself.
  if (adapters.length === 0) return none(failures.join('; '));
  return { adapters, missing: null };
}

async function onlyAdapter(): Promise<WebgpuAdapters> {
  const failure = await probe({});
  if (failure !== null) return none(failure);
  const description = process.platform === 'darwin' ? 'Metal' : 'Direct3D 12';
  return { adapters: [{ id: 'webgpu:0', kind: 'gpu', description, environment: {} }], missing: null };
}

const none = (reason: string): WebgpuAdapters => ({ adapters: [], missing: { reason, hint: HINT } });

/** Null if an adapter works in this environment; else why not. */
function probe(environment: Record<string, string>): Promise<string | null> {
  const script = fileURLToPath(workerEntry(import.meta.url, './webgpu-probe.js'));
  const options = { env: { ...process.env, ...environment }, timeout: PROBE_TIMEOUT };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], options, (error, _, stderr) => {
      resolve(error === null ? null : describeFailure(stderr, error.signal ?? null));
    });
  });
}

function describeFailure(stderr: string, signal: string | null): string {
  if (/libvulkan[^\n]*cannot open/.test(stderr)) return 'the Vulkan loader, libvulkan.so.1, is not installed';
  if (stderr.includes('No supported adapters')) return 'the runtime finds no adapter that it supports';
  if (signal !== null) return `the driver ended the process by ${signal}, or did not answer`;
  return stderr.match(/Error: (.*)/)?.[1] ?? 'the runtime could not compute on it';
}
