import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Backend } from '../plugins/contracts.js';

/** Where a run was trained: what a reader needs to judge its speed, and to repeat it. No names of machines or users. */
export interface Environment {
  version: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  backend: string;
  devices: string[];
  /** Copies of the model that train side by side. */
  replicas: number;
  startedAt: string;
}

export function describeEnvironment(
  version: string,
  backendName: string,
  backend: Backend,
  replicas: number,
): Environment {
  return {
    version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    backend: backendName,
    devices: backend.topology.devices.map(({ id, description }) => `${id}: ${description}`),
    replicas,
    startedAt: new Date().toISOString(),
  };
}
