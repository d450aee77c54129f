import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PLUGIN_API_VERSION } from '../../src/plugins/contracts.js';
import { checkManifest } from '../../src/plugins/define-plugin.js';
import { PluginError } from '../../src/support/errors.js';

const compressor = (changes: object = {}) => ({
  name: 'mine',
  summary: 'a compressor',
  options: z.strictObject({}),
  create: async () => {},
  ...changes,
});

const manifest = (changes: object = {}) => ({ apiVersion: 1, name: 'my plugin', ...changes });

describe('a manifest', () => {
  it('may define compressors, backends, both or nothing', () => {
    const backend = { ...compressor(), devices: async () => [] };
    for (const definitions of [
      {},
      { compressors: [compressor()] },
      { compressors: [compressor()], backends: [backend] },
    ])
      expect(checkManifest(manifest(definitions))).toEqual(manifest(definitions));
  });

  it('that needs a newer plugin API is refused with what to do', () => {
    const check = () => checkManifest(manifest({ apiVersion: PLUGIN_API_VERSION + 1 }));
    expect(check).toThrow(`needs plugin API ${PLUGIN_API_VERSION + 1}`);
    expect(check).toThrow(expect.objectContaining({ hint: expect.stringContaining('Update proxy-compression') }));
  });

  it.each([
    ['nothing', undefined, 'returned no manifest'],
    ['text', 'rle', 'returned no manifest'],
    ['no version', manifest({ apiVersion: undefined }), 'apiVersion'],
    ['version 0', manifest({ apiVersion: 0 }), 'apiVersion'],
    ['no name', manifest({ name: '' }), 'name'],
    ['one definition instead of a list', manifest({ compressors: compressor() }), 'compressors'],
    ['a name with a capital', manifest({ compressors: [compressor({ name: 'Mine' })] }), 'compressors[0].name'],
    ['a name with a dot', manifest({ compressors: [compressor({ name: 'a.b' })] }), 'compressors[0].name'],
    ['a name twice', manifest({ compressors: [compressor(), compressor()] }), 'compressors[1].name'],
    ['no summary', manifest({ compressors: [compressor({ summary: '' })] }), 'compressors[0].summary'],
    ['options that are no schema', manifest({ compressors: [compressor({ options: {} })] }), 'compressors[0].options'],
    ['no create', manifest({ compressors: [compressor({ create: undefined })] }), 'compressors[0].create'],
    ['a backend without devices', manifest({ backends: [compressor()] }), 'backends[0].devices'],
  ])('that is %s is refused, naming the field', (_, candidate, message) => {
    expect(() => checkManifest(candidate)).toThrow(PluginError);
    expect(() => checkManifest(candidate)).toThrow(message);
  });
});
