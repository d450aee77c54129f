import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type CompressorDescriptor,
  createCompressor,
  instantiateCompressor,
  pluginContext,
} from '../../src/plugins/compressor-instance.js';
import type { RecordField } from '../../src/plugins/contracts.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { ConfigError, PluginError } from '../../src/support/errors.js';
import { compiled } from '../support/child-process.js';

const EXAMPLE = new URL('../../examples/compressor-lzw/index.js', import.meta.url).href;

const descriptor = (changes: Partial<CompressorDescriptor>): CompressorDescriptor => ({
  entryUrl: EXAMPLE,
  name: 'lzw',
  options: {},
  artifactsDirectory: '/artifacts',
  ...changes,
});

/** Encodes in a worker thread that makes its own instance, as the loader does. */
async function encodeInWorker(workerData: CompressorDescriptor, text: string): Promise<number[]> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(compiled('src/plugins/compressor-instance.js'))})
      .then(({ instantiateCompressor }) => instantiateCompressor(workerData))
      .then((compressor) => compressor.encode(new TextEncoder().encode(${JSON.stringify(text)})))
      .then(({ symbols }) => parentPort.postMessage([...symbols]));`;
  const worker = new Worker(code, { eval: true, workerData });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}

describe('a descriptor', () => {
  it('makes a built-in compressor in a worker thread', async () => {
    const registry = builtinRegistry('/artifacts');
    expect(await encodeInWorker(registry.compressorDescriptor('halfbyte'), 'ABC')).toEqual([4, 1, 4, 2, 4, 3]);
    const stored = await encodeInWorker(registry.compressorDescriptor('gzip', { level: 0 }), 'ABC');
    expect(stored).toEqual([
      ...(await (await registry.createCompressor('gzip', { level: 0 })).encode(Buffer.from('ABC'))).symbols,
    ]);
  });

  it("makes a third party's compressor in a worker thread, with its options", async () => {
    expect(await encodeInWorker(descriptor({}), 'aaab')).toEqual([97, 257, 98]);
    // A dictionary of 9 bits is full, and cleared, after 255 codes.
    const long = 'a'.repeat(40_000);
    expect(await encodeInWorker(descriptor({}), long)).not.toContain(256);
    expect(await encodeInWorker(descriptor({ options: { maxBits: 9 } }), long)).toContain(256);
  });

  it('makes one in the same thread, too', async () => {
    const compressor = await instantiateCompressor(builtinRegistry('/artifacts').compressorDescriptor('bit'));
    expect(compressor.alphabetSize).toBe(2);
  });

  it.each([
    ['a module that does not exist', { entryUrl: 'file:///nowhere/plugin.js' }, 'could not be loaded'],
    ['a module that is no plugin', { entryUrl: 'data:text/javascript,export const a = 1' }, 'default export'],
    ['a name that the plugin does not have', { name: 'lwz' }, 'has no compressor "lwz"'],
  ])('of %s is refused', async (_, changes, message) => {
    await expect(instantiateCompressor(descriptor(changes))).rejects.toThrow(PluginError);
    await expect(instantiateCompressor(descriptor(changes))).rejects.toThrow(message);
  });

  it('with bad options is refused', async () => {
    await expect(instantiateCompressor(descriptor({ options: { maxBits: 8 } }))).rejects.toThrow(ConfigError);
  });
});

describe('the field of a compressor', () => {
  const created = (changes: Partial<RecordField>) => {
    const field = { name: 'pc_identity', write: () => '', read: () => ({ symbols: new Uint32Array(0) }), ...changes };
    const compressor = {
      alphabetSize: 256,
      fingerprint: 'identity',
      encode: (bytes: Uint8Array) => ({ symbols: Uint32Array.from(bytes) }),
      decode: () => new Uint8Array(0),
      field,
    };
    const definition = { name: 'identity', summary: '', options: z.strictObject({}), create: async () => compressor };
    return createCompressor(
      definition,
      {},
      pluginContext('/artifacts', () => {}),
    );
  };

  it.each(['pc_identity', 'm1_0123', 'm1', 'zstd_ac_b64'])('may be named %s', async (name) => {
    expect((await created({ name })).field.name).toBe(name);
  });

  it.each(['text', 'content', 'id', '', 'pc_'])('may not be named "%s", as data are', async (name) => {
    await expect(created({ name })).rejects.toThrow(PluginError);
    await expect(created({ name })).rejects.toThrow(`its field is named "${name}"`);
  });

  it('has side data only in a field whose name begins with pc_', async () => {
    const sideName = 'text' as `pc_${string}`;
    await expect(created({ sideName })).rejects.toThrow('its sideName is "text"');
    await expect(created({ sideName: 'pc_side' })).resolves.toBeDefined();
  });
});
