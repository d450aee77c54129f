import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, Plugin, settings } from '@oclif/core';
import { describe, expect, it } from 'vitest';
import { instantiateCompressor } from '../../src/plugins/compressor-instance.js';
import { loadRegistry } from '../../src/plugins/discovery.js';
import type { PluginRegistry } from '../../src/plugins/registry.js';
import { PACKAGE_ROOT } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// As bin/run.js sets it: plugins run as they are on disk.
settings.enableAutoTranspile = false;

/** The registry of a `pc` for which the plugin packages in these folders were linked in this order. */
async function registryWith(folders: string[], timeout?: number): Promise<PluginRegistry> {
  const config = new Config({ root: PACKAGE_ROOT, userPlugins: false });
  await config.load();
  config.dataDir = temporaryDirectory();
  const linked: object[] = [];
  for (const folder of folders) {
    const plugin = new Plugin({ root: join(PACKAGE_ROOT, folder), type: 'link' });
    await plugin.load();
    config.plugins.set(plugin.name, plugin);
    linked.push({ name: plugin.name, type: 'link', root: plugin.root });
  }
  writeFileSync(join(config.dataDir, 'package.json'), JSON.stringify({ oclif: { plugins: linked } }));
  return loadRegistry(config, timeout);
}

const fixture = (name: string): string => `test/fixtures/plugins/${name}`;

describe('discovery', () => {
  it('finds built-in and linked plugins, and where they came from', async () => {
    const registry = await registryWith(['examples/compressor-lzw']);
    expect(registry.compressor('gzip').origin).toEqual({ kind: 'built-in' });
    expect(registry.compressor('lzw').origin).toEqual({
      kind: 'linked',
      package: 'pc-compressor-lzw',
      version: '1.0.0',
      root: join(PACKAGE_ROOT, 'examples/compressor-lzw'),
    });
    expect(registry.problems).toEqual([]);
  });

  it('accepts compiled CommonJS and an entry without extension, whose descriptor works all the same', async () => {
    const registry = await registryWith([fixture('commonjs')]);
    const compressor = await instantiateCompressor(registry.compressorDescriptor('reverse'));
    expect([...(await compressor.encode(Buffer.from('AB'))).symbols]).toEqual([66, 65]);
  });

  it.each([
    ['throws', 'the moon is in the wrong phase'],
    ['throws-loading', 'the stars are not right'],
    ['silent', 'returned no manifest'],
    ['newer', 'needs plugin API 2'],
    ['clashes', 'already defined by built-in'],
    ['several', 'lists 2 hooks'],
  ])('names the plugin "%s" with the reason, and the others work', async (name, reason) => {
    const registry = await registryWith([fixture(name), 'examples/compressor-lzw']);
    expect(registry.describeProblems()).toEqual([
      expect.objectContaining({ plugin: `pc-plugin-${name}@1.2.3`, reason: expect.stringContaining(reason) }),
    ]);
    expect([...registry.compressors.keys()]).toEqual(expect.arrayContaining(['gzip', 'lzw']));
  });

  it('keeps the one that was there first, of two that clash', async () => {
    const [lzw, another] = ['examples/compressor-lzw', fixture('another-lzw')];
    for (const [first, second, kept, left] of [
      [lzw, another, 'pc-compressor-lzw', 'pc-another-lzw@1.2.3'],
      [another, lzw, 'pc-another-lzw', 'pc-compressor-lzw@1.0.0'],
    ] as const) {
      const registry = await registryWith([first, second]);
      expect(registry.compressor('lzw').origin).toMatchObject({ package: kept });
      expect(registry.describeProblems()).toEqual([
        expect.objectContaining({ plugin: left, reason: expect.stringContaining(`already defined by ${kept}@`) }),
      ]);
    }
  });

  it.each(['hangs', 'hangs-loading'])('does not wait for ever for the plugin "%s"', async (name) => {
    const registry = await registryWith([fixture(name)], 200);
    expect(registry.describeProblems()).toEqual([
      expect.objectContaining({ plugin: `pc-plugin-${name}@1.2.3`, reason: 'did not answer within 0.2 s' }),
    ]);
    expect(registry.compressors.has('gzip')).toBe(true);
  });
});
