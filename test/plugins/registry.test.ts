import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Compressor, CompressorDefinition } from '../../src/plugins/contracts.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { PluginRegistry, type PluginSource } from '../../src/plugins/registry.js';
import { CompressorError, ConfigError, PluginError } from '../../src/support/errors.js';

const identity: Compressor = {
  alphabetSize: 256,
  fingerprint: 'identity',
  encode: (bytes) => ({ symbols: Uint32Array.from(bytes) }),
  decode: ({ symbols }) => Uint8Array.from(symbols),
  field: { name: 'pc_identity', write: () => '', read: () => ({ symbols: new Uint32Array(0) }) },
};

const definition = (name: string, create: CompressorDefinition['create'] = async () => identity) => ({
  name,
  summary: 'for a test',
  options: z.strictObject({ level: z.int().default(1) }),
  create,
});

function source(packageName: string, outcome: PluginSource['outcome']): PluginSource {
  const origin = { kind: 'installed', package: packageName, version: '1.0.0', root: '/plugins' } as const;
  return { origin, entryUrl: `file:///plugins/${packageName}.js`, outcome };
}

const plugin = (packageName: string, ...compressors: object[]): PluginSource =>
  source(packageName, { manifest: { apiVersion: 1, name: packageName, compressors } });

const registryOf = (...sources: PluginSource[]) => new PluginRegistry(sources, '/artifacts');

describe('the registry', () => {
  it('holds the built-in compressors and backends', () => {
    const registry = builtinRegistry('/artifacts');
    expect([...registry.compressors.keys()]).toEqual(expect.arrayContaining(['gzip', 'bit', 'doublebit', 'halfbyte']));
    expect([...registry.backends.keys()]).toContain('onnxruntime');
    expect(registry.problems).toEqual([]);
  });

  it('leaves out a plugin that failed, naming it and the reason, and keeps the others', () => {
    const registry = registryOf(source('broken', { error: new Error('no luck') }), plugin('good', definition('mine')));
    expect([...registry.compressors.keys()]).toEqual(['mine']);
    expect(registry.describeProblems()).toEqual([
      { plugin: 'broken@1.0.0', reason: 'no luck', hint: expect.stringContaining('pc plugins uninstall broken') },
    ]);
  });

  it('leaves out the whole of a plugin that clashes with an earlier one', () => {
    const registry = registryOf(plugin('first', definition('a')), plugin('second', definition('b'), definition('a')));
    expect(registry.compressors.get('a')?.plugin).toBe('first');
    expect(registry.compressors.has('b')).toBe(false);
    expect(registry.describeProblems()[0]).toMatchObject({ plugin: 'second@1.0.0' });
    expect(registry.problems[0]?.error.message).toContain('"a" is already defined by first@1.0.0');
  });

  it('says what each plugin of third parties gives', () => {
    const registry = registryOf(plugin('one', definition('a'), definition('b')), plugin('two', definition('c')));
    expect(registry.describeInstalled()).toEqual([
      { plugin: 'one@1.0.0', gives: ['compressor a', 'compressor b'] },
      { plugin: 'two@1.0.0', gives: ['compressor c'] },
    ]);
    expect(builtinRegistry('/artifacts').describeInstalled()).toEqual([]);
  });

  it('suggests the nearest name for an unknown one', () => {
    const registry = builtinRegistry('/artifacts');
    expect(() => registry.compressor('gzpi')).toThrow(ConfigError);
    expect(() => registry.compressor('gzpi')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('"gzip"') }),
    );
    expect(() => registry.backend('abacus')).toThrow(expect.objectContaining({ hint: '`pc backends` lists them.' }));
  });

  it('names the plugins that are left out when a name is unknown: one of them may have had it', () => {
    const registry = registryOf(source('broken', { error: new Error('no luck') }));
    expect(() => registry.compressor('mine')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('broken@1.0.0') }),
    );
  });

  it('gives a compressor its options, with defaults, and a folder of its own', async () => {
    const calls: unknown[] = [];
    const create: CompressorDefinition['create'] = async (options, { artifactsDirectory }) => {
      calls.push({ options, artifactsDirectory });
      return identity;
    };
    await registryOf(plugin('p', definition('mine', create))).createCompressor('mine');
    expect(calls).toEqual([{ options: { level: 1 }, artifactsDirectory: '/artifacts/mine' }]);
  });

  it('refuses bad options before anything is created', async () => {
    const registry = registryOf(plugin('p', definition('mine')));
    await expect(registry.createCompressor('mine', { level: 'high' })).rejects.toThrow(ConfigError);
    expect(() => registry.compressorDescriptor('mine', { level: 'high' })).toThrow(ConfigError);
  });

  it('passes on the typed errors of a plugin and wraps all others', async () => {
    const failing = (error: unknown) => definition('mine', async () => Promise.reject(error));
    const create = (error: unknown) => registryOf(plugin('p', failing(error))).createCompressor('mine');
    await expect(create(new CompressorError('no codebook'))).rejects.toThrow(CompressorError);
    await expect(create(new TypeError('x is undefined'))).rejects.toThrow(PluginError);
    await expect(create('a string')).rejects.toThrow('the compressor "mine" could not start: a string');
  });

  it('takes a compressor that comes without a promise, and an error that is thrown before there is one', async () => {
    const create = (make: () => unknown) =>
      registryOf(plugin('p', definition('mine', make as CompressorDefinition['create']))).createCompressor('mine');
    await expect(create(() => identity)).resolves.toBe(identity);
    const failing = () => {
      throw new TypeError('no model');
    };
    await expect(create(failing)).rejects.toThrow('the compressor "mine" could not start: no model');
  });

  it.each([
    ['no object', undefined, 'create() gave no object'],
    ['an alphabet of 0', { ...identity, alphabetSize: 0 }, 'alphabetSize'],
    ['no fingerprint', { ...identity, fingerprint: '' }, 'fingerprint'],
    ['no decoder', { ...identity, decode: undefined }, 'encode and decode'],
    ['no record field', { ...identity, field: {} }, 'field'],
  ])('refuses a compressor that is %s', async (_, instance, message) => {
    const create = async () => instance as Compressor;
    const creating = registryOf(plugin('p', definition('mine', create))).createCompressor('mine');
    await expect(creating).rejects.toThrow(PluginError);
    await expect(creating).rejects.toThrow(message);
  });
});
