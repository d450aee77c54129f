import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backendStatuses, compressorStatuses } from '../../src/plugins/availability.js';
import { diagnose } from '../../src/plugins/diagnosis.js';
import { PluginRegistry } from '../../src/plugins/registry.js';
import { BackendError, CompressorError } from '../../src/support/errors.js';

const options = z.strictObject({});

function registryOf(definitions: object): PluginRegistry {
  const manifest = { apiVersion: 1, name: 'test', ...definitions };
  const origin = { kind: 'installed', package: 'test', version: '1.0.0', root: '/plugins' } as const;
  return new PluginRegistry([{ origin, entryUrl: 'file:///plugins/test.js', outcome: { manifest } }], '/artifacts');
}

const compressor = (name: string, create: () => Promise<unknown>) => ({ name, summary: 'for a test', options, create });
const backend = (devices: () => Promise<unknown>) => ({ ...compressor('engine', async () => ({})), devices });

/** Loses the first byte. */
const lossy = async () => ({
  alphabetSize: 256,
  fingerprint: 'lossy',
  encode: (bytes: Uint8Array) => ({ symbols: Uint32Array.from(bytes) }),
  decode: ({ symbols }: { symbols: Uint32Array }) => Uint8Array.from(symbols.subarray(1)),
  field: { name: 'pc_lossy', write: () => '', read: () => ({ symbols: new Uint32Array(0) }) },
});

describe('a compressor works here', () => {
  it('unless it cannot be made, for the reason it gives', async () => {
    const registry = registryOf({
      compressors: [compressor('mine', async () => Promise.reject(new CompressorError('no codebook')))],
    });
    expect(await compressorStatuses(registry)).toEqual([
      expect.objectContaining({
        name: 'mine',
        origin: 'test@1.0.0',
        availability: { works: false, reason: 'no codebook' },
      }),
    ]);
  });

  it('unless it does not give text back', async () => {
    const [status] = await compressorStatuses(registryOf({ compressors: [compressor('lossy', lossy)] }));
    expect(status?.availability).toEqual({ works: false, reason: 'it does not decode what it encoded' });
  });
});

describe('a backend works here', () => {
  it('on the devices that it finds', async () => {
    const cpu = { id: 'cpu', kind: 'cpu', description: 'two cores' };
    const [status] = await backendStatuses(registryOf({ backends: [backend(async () => [cpu])] }));
    expect(status).toMatchObject({ availability: { works: true }, devices: [cpu] });
  });

  it.each([
    ['that it finds none of', async () => [], 'no device was found'],
    ['that are missing', async () => Promise.reject(new BackendError('unavailable', 'no GPU')), 'no GPU'],
  ])('but not on devices %s', async (_, devices, reason) => {
    const [status] = await backendStatuses(registryOf({ backends: [backend(devices)] }));
    expect(status?.availability).toEqual({ works: false, reason });
  });
});

describe('the diagnosis', () => {
  it('fails without a device and warns of a third-party plugin that does not work', async () => {
    const findings = await diagnose(registryOf({ compressors: [compressor('lossy', lossy)] }), '.');
    expect(findings.find(({ check }) => check === 'devices')?.verdict).toBe('failed');
    expect(findings.find(({ check }) => check === 'compressor lossy')?.verdict).toBe('warning');
  });

  it('is fine with one working device', async () => {
    const cpu = { id: 'cpu', kind: 'cpu', description: 'two cores' };
    const findings = await diagnose(registryOf({ backends: [backend(async () => [cpu])] }), '.');
    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(findings).toContainEqual({ check: 'devices', verdict: 'ok', detail: 'cpu (two cores)' });
  });
});
