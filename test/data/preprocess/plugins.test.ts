import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CompressorDescriptor } from '../../../src/plugins/compressor-instance.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { jsonl, temporaryData } from '../temporary-data.js';
import { recordsOf, run } from './temporary-preprocessed.js';

/** A plugin with one compressor, whose instance is the given object literal; `directory` is its artifacts folder. */
function plugin(instance: string): CompressorDescriptor {
  const directory = temporaryDirectory();
  const file = join(directory, 'plugin.mjs');
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
     import { setTimeout } from 'node:timers/promises';
     export default ({ host }) => host.definePlugin({ apiVersion: 1, name: 'mine', compressors: [{
       name: 'mine', summary: 'a test', options: host.z.strictObject({}),
       async create(options, { artifactsDirectory: directory, log }) {
         await setTimeout(5);
         const { CompressorError } = host.errors;
         const note = (text) => appendFileSync(directory + '/notes', text + '\\n');
         const base = {
           alphabetSize: 256, fingerprint: 'mine:1',
           encode: (bytes) => ({ symbols: Uint32Array.from(bytes) }),
           decode: ({ symbols }) => Uint8Array.from(symbols),
           field: {
             name: 'pc_mine',
             write: ({ symbols }) => [...symbols].join(' '),
             read: (text) => ({ symbols: Uint32Array.from(text === '' ? [] : text.split(' '), Number) }),
           },
         };
         return { ...base, ...(${instance}) };
       },
     }] });`,
  );
  return { entryUrl: pathToFileURL(file).href, name: 'mine', options: {}, artifactsDirectory: directory };
}

const preprocessed = async (compressor: CompressorDescriptor, more: Parameters<typeof run>[2] = {}) => {
  const out = join(temporaryDirectory(), 'out');
  const input = temporaryData({ 'a.jsonl': jsonl(['ab', 'c']) });
  const report = await run(input, out, { compressors: [compressor], verify: true, ...more });
  return { report, records: recordsOf(readFileSync(join(out, 'a.jsonl'), 'utf8')) };
};

describe('a compressor of a third party', () => {
  it('may be made and work asynchronously, in batches, say something, and be disposed of in every thread', async () => {
    const compressor = plugin(`{
      encode: () => { throw new Error('not one by one') },
      encodeBatch: async (batch) => { await setTimeout(5); log('a batch'); return batch.map(base.encode) },
      decode: async (encoded) => { await setTimeout(1); return base.decode(encoded) },
      dispose: async () => { await setTimeout(5); note('disposed') },
    }`);
    const said: string[] = [];
    const { records } = await preprocessed(compressor, { log: (message) => said.push(message) });
    expect(records.map((record) => record.pc_mine)).toEqual(['97 98', '99']);
    expect(said).toEqual(['a batch']);
    expect(readFileSync(join(compressor.artifactsDirectory, 'notes'), 'utf8')).toBe('disposed\n');
  });

  it('may keep its side data in a field of its own', async () => {
    const { records, report } = await preprocessed(
      plugin(`{
        encode: (bytes) => ({ symbols: Uint32Array.from(bytes.subarray(1)), side: bytes.slice(0, 1) }),
        decode: ({ symbols, side }) => Uint8Array.from([...side, ...symbols]),
        field: { ...base.field, sideName: 'pc_mine_side' },
      }`),
    );
    expect(records).toEqual([
      { text: 'ab', pc_mine: '98', pc_mine_side: 'YQ==' },
      { text: 'c', pc_mine: '', pc_mine_side: 'Yw==' },
    ]);
    expect(report.datasets).toMatchObject([{ verified: true }]);
  });

  it('may refuse a document, which is named or left out, also by a batch', async () => {
    for (const batch of ['', 'encodeBatch: async (batch) => batch.map(refuse),']) {
      const refusing = plugin(`(() => {
        const refuse = (bytes) => { if (bytes.length < 2) throw new CompressorError('too short'); return base.encode(bytes) };
        return { encode: refuse, ${batch} };
      })()`);
      await expect(preprocessed(refusing)).rejects.toMatchObject({
        code: 'compressor',
        message: 'too short',
        location: { line: 2 },
      });
      const { records, report } = await preprocessed(refusing, { onBadRecord: 'skip' });
      expect(records).toEqual([{ text: 'ab', pc_mine: '97 98' }]);
      expect(report.datasets).toMatchObject([{ documents: 1, skipped: 1 }]);
    }
  });

  it.each([
    ['does not give back its input', '{ decode: () => new Uint8Array(1) }', 'compressor', /another text/],
    ['leaves its alphabet', '{ alphabetSize: 98 }', 'plugin', /symbol 98 is outside its alphabet of 98/],
    ['loses documents of a batch', '{ encodeBatch: async () => [] }', 'plugin', /0 codes for 2 documents/],
    ['fails by an error of its own', '{ encode: () => { throw new TypeError("oops") } }', 'plugin', /"mine".*oops/],
    ['cannot start', '(() => { throw new Error("no model") })()', 'plugin', /"mine" could not start: no model/],
  ])('that %s is named', async (_, instance, code, message) => {
    const failing = preprocessed(plugin(instance));
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('that ends its thread is named', async () => {
    const ending = plugin('{ encode: () => process.exit(3) }');
    await expect(preprocessed(ending, { workers: 1 })).rejects.toMatchObject({
      code: 'plugin',
      message: expect.stringMatching(/"mine" ended: .*3/),
      hint: expect.stringMatching(/report this/),
    });
  });

  it('that fails is disposed of all the same', async () => {
    const failing = plugin('{ encode: () => { throw new Error("oops") }, dispose: async () => note("disposed") }');
    await expect(preprocessed(failing)).rejects.toThrow('oops');
    expect(existsSync(join(failing.artifactsDirectory, 'notes'))).toBe(true);
  });
});
