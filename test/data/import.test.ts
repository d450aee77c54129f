import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../src/data/documents.js';
import { importSourceTree } from '../../src/data/import.js';
import { IMPORT_DEFAULTS, type ImportOptions } from '../../src/data/import-options.js';
import { temporaryData } from './temporary-data.js';

const run = (folder: string, options: Partial<ImportOptions> = {}) =>
  importSourceTree({
    ...IMPORT_DEFAULTS,
    directories: [folder],
    output: join(folder, 'data', 'train'),
    validation: null,
    extensions: null,
    force: false,
    ...options,
  });

function records(dataset: string): { text: string; path: string }[] {
  return readdirSync(dataset)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(dataset, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as { text: string; path: string });
}

const paths = (dataset: string) =>
  records(dataset)
    .map(({ path }) => path)
    .sort();

describe('importSourceTree', () => {
  it('makes one document of every file, with its path', async () => {
    const folder = temporaryData({ 'tree/a.ts': 'let a;\n', 'tree/deep/er/b.py': 'b = "ü"\n' });
    const output = join(folder, 'out');
    const { training, skipped } = await run(join(folder, 'tree'), { output });
    expect(records(output).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { text: 'let a;\n', path: 'a.ts' },
      { text: 'b = "ü"\n', path: 'deep/er/b.py' },
    ]);
    expect(training).toMatchObject({ documents: 2, textBytes: 7 + 9 });
    expect(Object.values(skipped).every((count) => count === 0)).toBe(true);
  });

  it('honours .gitignore files, inner ones before outer ones, and skips what git keeps for itself', async () => {
    const folder = temporaryData({
      'tree/.gitignore': '*.log\n/build/\n!keep.log\n',
      'tree/a.log': 'no',
      'tree/keep.log': 'yes 1',
      'tree/build/x.ts': 'no 2',
      'tree/src/build/x.ts': 'yes 2',
      'tree/src/.gitignore': '!b.log\n*.tmp\n',
      'tree/src/b.log': 'yes 3',
      'tree/src/c.tmp': 'no 3',
      'tree/.git/config': 'no 4',
    });
    const output = join(folder, 'out');
    await run(join(folder, 'tree'), { output });
    expect(paths(output)).toEqual(['keep.log', 'src/b.log', 'src/build/x.ts']);
  });

  it('leaves out what is no text or not asked for, and counts why', async () => {
    const folder = temporaryData({
      'tree/good.ts': 'good text',
      'tree/other.md': 'other text',
      'tree/short.ts': 'x',
      'tree/long.ts': 'x'.repeat(200),
      'tree/binary.ts': Uint8Array.of(100, 0, 100, 0, 100, 0),
      'tree/latin1.ts': Uint8Array.of(0x66, 0xfc, 0x72, 0x20, 0x20, 0x20),
      'tree/copy.ts': 'good text',
    });
    symlinkSync(join(folder, 'tree/other.md'), join(folder, 'tree/link.ts'));
    const output = join(folder, 'out');
    const { skipped } = await run(join(folder, 'tree'), { output, extensions: ['ts'], minBytes: 5, maxBytes: 100 });
    expect(skipped).toEqual({
      extension: 1,
      'too small': 1,
      'too large': 1,
      binary: 1,
      'invalid UTF-8': 1,
      unreadable: 0,
      'name not UTF-8': 0,
      hidden: 0,
      node_modules: 0,
      dataset: 0,
      duplicate: 1,
    });
    expect(paths(output)).toEqual(['copy.ts']);
  });

  it('writes chunks of bounded size and a manifest whose counts and checksums are theirs', async () => {
    const files = Array.from({ length: 40 }, (_, i) => [`tree/${i}.txt`, `file ${i} `.repeat(10 + i)] as const);
    const folder = temporaryData(Object.fromEntries(files));
    const output = join(folder, 'out');
    await run(join(folder, 'tree'), { output, chunkBytes: 2000, prefix: 'code' });
    const manifest = JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'));
    expect(readdirSync(output).sort()).toEqual([
      ...manifest.files.map((file: { name: string }) => file.name),
      'manifest.json',
    ]);
    expect(manifest.files.length).toBeGreaterThan(3);
    let documents = 0;
    for (const [i, { name, bytes, sha256, ...counts }] of manifest.files.entries()) {
      expect(name).toBe(`code.chunk.${String(i + 1).padStart(5, '0')}.jsonl`);
      const content = readFileSync(join(output, name));
      expect(content.length).toBe(bytes);
      expect(bytes).toBeLessThanOrEqual(2000);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
      documents += counts.documents;
    }
    expect(documents).toBe(40);
    expect(manifest.textBytes).toBe(files.reduce((sum, [, text]) => sum + text.length, 0));
  });

  it('gives the same bytes for the same tree', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`tree/${i}.txt`, `file ${i}`]));
    const folder = temporaryData(files);
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const first = await run(join(folder, 'tree'), { output: one });
    const second = await run(join(folder, 'tree'), { output: two });
    expect(first.training).toEqual(second.training);
  });

  it('holds documents out by their content: the same whatever else is in the tree', async () => {
    const half = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`tree/${i}.txt`, `file ${i}`]));
    const more = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`tree/more/${i}.txt`, `another ${i}`]));
    const heldOut = async (files: Record<string, string>) => {
      const folder = temporaryData(files);
      const [output, validation] = [join(folder, 'out'), join(folder, 'held-out')];
      const report = await run(join(folder, 'tree'), { output, validation: { fraction: 0.2, output: validation } });
      expect(report.validation!.documents + report.training.documents).toBe(Object.keys(files).length);
      const texts = new Set(records(output).map(({ text }) => text));
      expect(records(validation).some(({ text }) => texts.has(text))).toBe(false);
      return paths(validation);
    };
    const small = await heldOut(half);
    expect(small.length).toBeGreaterThan(8);
    expect(small.length).toBeLessThan(35);
    expect(await heldOut({ ...half, ...more })).toEqual(expect.arrayContaining(small.slice(1)));
  });

  it('holds at least one document out of a small tree', async () => {
    const folder = temporaryData({ 'tree/a': 'one', 'tree/b': 'two', 'tree/c': 'three' });
    const validation = { fraction: 0.001, output: join(folder, 'held-out') };
    const report = await run(join(folder, 'tree'), { output: join(folder, 'out'), validation });
    expect(report.validation!.documents).toBe(1);
    expect(report.training.documents).toBe(2);
  });

  it('replaces a dataset only by force, and leaves it as it was otherwise', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    const output = join(folder, 'out');
    await run(join(folder, 'tree'), { output });
    const before = readFileSync(join(output, 'manifest.json'), 'utf8');
    await expect(run(join(folder, 'tree'), { output })).rejects.toMatchObject({ code: 'output' });
    await run(join(folder, 'tree'), { output, force: true });
    expect(readFileSync(join(output, 'manifest.json'), 'utf8')).toBe(before);
  });

  it.each([
    ['has other files', { 'out/notes.txt': 'mine' }],
    ["has another program's manifest.json", { 'out/manifest.json': '{"name":"an extension"}' }],
    ['has a manifest.json that is no JSON', { 'out/manifest.json': 'mine' }],
    ['is a file', { out: 'mine' }],
  ])('replaces nothing that %s, not even by force', async (_, files) => {
    const folder = temporaryData({ 'tree/a.txt': 'one', ...files });
    const [[path, content]] = Object.entries(files) as [[string, string]];
    const out = join(folder, 'out');
    const refused = { code: 'output', location: { file: out }, hint: expect.stringContaining('another output') };
    await expect(run(join(folder, 'tree'), { output: out, force: true })).rejects.toMatchObject(refused);
    const validation = { fraction: 0.5, output: out };
    const output = join(folder, 'train');
    await expect(run(join(folder, 'tree'), { output, validation, force: true })).rejects.toMatchObject(refused);
    expect(readFileSync(join(folder, path), 'utf8')).toBe(content);
    expect(existsSync(output)).toBe(false);
  });

  it('takes the place of an empty folder by force', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    const output = join(folder, 'out');
    mkdirSync(output);
    await run(join(folder, 'tree'), { output, force: true });
    expect(paths(output)).toEqual(['a.txt']);
  });

  it('leaves nothing behind where nothing is left to import', async () => {
    const folder = temporaryData({ 'tree/a.bin': Uint8Array.of(0) });
    const output = join(folder, 'sub', 'out');
    await expect(run(join(folder, 'tree'), { output })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('1 binary'),
    });
    expect(existsSync(output)).toBe(false);
    expect(existsSync(join(folder, 'sub'))).toBe(false);
  });

  it('does not import its own datasets, finished or not, where they lie in the tree', async () => {
    const folder = temporaryData({ 'a.txt': 'one', 'b.txt': 'two' });
    const validation = { fraction: 0.01, output: join(folder, 'data', 'validation') };
    const first = await run(folder, { validation });
    const second = await run(folder, { validation, force: true });
    expect(first.training.documents + first.validation!.documents).toBe(2);
    expect(second).toEqual({ ...first, skipped: { ...first.skipped, dataset: 2 } });
  });

  it("leaves out other datasets of ours and the datasets' root, but not other manifests", async () => {
    const folder = temporaryData({
      'a.txt': 'one',
      'b.txt': 'two',
      'data/notes.txt': 'three',
      'm/manifest.json': '{}',
    });
    await run(folder, { output: join(folder, 'elsewhere', 'train') });
    const output = join(folder, 'data', 'other');
    const { skipped } = await run(folder, { output, datasetRoot: join(folder, 'data') });
    expect(paths(output)).toEqual(['a.txt', 'b.txt', 'm/manifest.json']);
    expect(skipped.dataset).toBe(2);
  });

  it('leaves out dot files and node_modules below the folder, not the folder itself', async () => {
    const files = { 'a.js': '1', '.env': '2', '.hid/b.js': '3', 'node_modules/c.js': '4' };
    const tree = Object.entries(files).map(([path, text]) => [`node_modules/${path}`, text]);
    const folder = temporaryData(Object.fromEntries(tree));
    const output = join(folder, 'out');
    const { skipped } = await run(join(folder, 'node_modules'), { output });
    expect(paths(output)).toEqual(['a.js']);
    expect(skipped).toMatchObject({ hidden: 2, node_modules: 1 });
    await run(join(folder, 'node_modules'), { output, hidden: true, force: true });
    expect(paths(output)).toEqual(['.env', '.hid/b.js', 'a.js']);
  });

  it('tells that holding out took the only document', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    const validation = { fraction: 0.05, output: join(folder, 'data', 'validation') };
    await expect(
      run(join(folder, 'tree'), { output: join(folder, 'data', 'train'), validation }),
    ).rejects.toMatchObject({ code: 'data', message: expect.stringContaining('holding out took the only document') });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('counts files and folders whose names are not UTF-8', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    const named = (name: string) => Buffer.concat([Buffer.from(`${folder}/tree/`), Buffer.from(name, 'latin1')]);
    writeFileSync(named('\xfc.txt'), 'two');
    mkdirSync(named('\xe4'));
    const { skipped } = await run(join(folder, 'tree'), { output: join(folder, 'out') });
    expect(skipped).toMatchObject({ 'name not UTF-8': 2, unreadable: 0 });
  });

  it('refuses a folder that is not there and a share out of range', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    await expect(run(join(folder, 'gone'), { output: join(folder, 'out') })).rejects.toMatchObject({ code: 'data' });
    const validation = { fraction: 1, output: join(folder, 'held-out') };
    await expect(run(join(folder, 'tree'), { output: join(folder, 'out'), validation })).rejects.toMatchObject({
      code: 'config',
    });
  });

  it.skipIf(process.getuid?.() === 0)('counts files that may not be read', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one', 'tree/b.txt': 'two' });
    chmodSync(join(folder, 'tree/b.txt'), 0o000);
    const { skipped } = await run(join(folder, 'tree'), { output: join(folder, 'out') });
    expect(skipped.unreadable).toBe(1);
  });

  it('stops when asked to', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one' });
    const output = join(folder, 'out');
    await expect(run(join(folder, 'tree'), { output, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect(existsSync(output)).toBe(false);
  });

  it('makes what readDocuments reads', async () => {
    const folder = temporaryData({ 'tree/a.txt': 'one\r\n\t"quoted" \u{1f600}\u0001' });
    const output = join(folder, 'out');
    await run(join(folder, 'tree'), { output });
    const read = await readDocuments(output, { onBadRecord: 'fail' }).next();
    expect(Buffer.from(read.value!.bytes)).toEqual(readFileSync(join(folder, 'tree/a.txt')));
  });
});
