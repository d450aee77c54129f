import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { type BackendStatus, backendStatuses, type CompressorStatus, compressorStatuses } from './availability.js';
import type { PluginRegistry } from './registry.js';

/**
 * `failed` keeps `pc` from its work here; `warning` affects a part that one can do without; `absent` is what a machine
 * need not have.
 */
export type Verdict = 'ok' | 'absent' | 'warning' | 'failed';

export interface Finding {
  check: string;
  verdict: Verdict;
  detail: string;
}

/** Below this much free space the first checkpoints of a small run may not fit. */
const LEAST_FREE_DISK = 1e9;

/** Looks at the machine, at the folder that work will be written to, and at every plugin. */
export async function diagnose(registry: PluginRegistry, folder: string): Promise<Finding[]> {
  const compressors = await compressorStatuses(registry);
  const backends = await backendStatuses(registry);
  return [
    describeMachine(),
    await describeDisk(folder),
    ...registry.describeProblems().map(({ plugin, reason }) => finding(`plugin ${plugin}`, 'warning', reason)),
    ...compressors.map((status) => describeStatus('compressor', status)),
    ...backends.map((status) => describeStatus('backend', status)),
    describeBackends(backends),
    ...backends.flatMap(({ name, missing }) =>
      missing.map(({ device, reason, hint }) => finding(`device ${device} of ${name}`, 'absent', `${reason}. ${hint}`)),
    ),
  ];
}

function describeMachine(): Finding {
  const detail = `Node ${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${gigabytes(freemem())} of ${gigabytes(totalmem())} memory free`;
  return finding('machine', 'ok', detail);
}

async function describeDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  return finding('disk', free < LEAST_FREE_DISK ? 'warning' : 'ok', `${gigabytes(free)} free in ${folder}`);
}

function describeStatus(kind: string, { name, origin, availability }: CompressorStatus | BackendStatus): Finding {
  const check = `${kind} ${name}`;
  if (availability.works) return finding(check, 'ok', `works (${origin})`);
  return finding(check, verdictOnFailure(kind, origin), `${availability.reason} (${origin})`);
}

/** Our compressors work everywhere; our backends need not all be there, and that none is will be told. */
function verdictOnFailure(kind: string, origin: string): Verdict {
  if (origin !== 'built-in') return 'warning';
  return kind === 'compressor' ? 'failed' : 'absent';
}

/** Any one backend is enough. */
function describeBackends(backends: readonly BackendStatus[]): Finding {
  const devices = backends.flatMap((backend) => (backend.availability.works ? backend.devices : []));
  if (devices.length === 0)
    return finding('devices', 'failed', 'no backend works here: models can be neither trained nor run');
  return finding('devices', 'ok', devices.map(({ id, description }) => `${id} (${description})`).join(', '));
}

function finding(check: string, verdict: Verdict, detail: string): Finding {
  return { check, verdict, detail };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
