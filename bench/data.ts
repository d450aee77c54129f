/**
 * How fast data reaches the model: symbols per second of the loader, by mixing mode and compressor, and compression in
 * MB of text per second beside Node's own zlib and Python's, on the same documents.
 *
 *     npm run bench:data [-- FOLDER]
 *
 * The text is the JavaScript and TypeScript below FOLDER, by default the project's own dependencies. To reach: 20 times
 * what training consumes, which is some 10,000 symbols per second on two cores.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { alignColumns } from '../src/commands/shell/table.js';
import type { BatchSettings } from '../src/data/batches.js';
import { readDocuments } from '../src/data/documents.js';
import { importSourceTree } from '../src/data/import.js';
import { IMPORT_DEFAULTS } from '../src/data/import-options.js';
import { openLoader } from '../src/data/loader.js';
import { type BatchOptions, batchOptions, dataOptions } from '../src/data/options.js';
import { BUILTIN_ENTRY, type CompressorDescriptor, instantiateCompressor } from '../src/plugins/compressor-instance.js';
import { vocabularyOptions } from '../src/vocabulary/options.js';
import { vocabularyLayout } from '../src/vocabulary/vocabulary.js';

const SECONDS = 2;
const CODEC_BYTES = 4e6;
const CODEC_ROUNDS = 3;
const CONSUMED = 10_000;

const descriptor = (name: string, options: Record<string, unknown> = {}): CompressorDescriptor => ({
  entryUrl: BUILTIN_ENTRY,
  name,
  options,
  artifactsDirectory: '',
});

const LOADERS: readonly { title: string; compressor: CompressorDescriptor; data: Partial<BatchSettings['data']> }[] = [
  { title: 'raw bytes', compressor: descriptor('gzip'), data: { mix: 'vanilla', rate: 0 } },
  { title: 'gzip (pako), sentinel, rate 0.9', compressor: descriptor('gzip'), data: { mix: 'sentinel', rate: 0.9 } },
  {
    title: 'gzip (native), sentinel, rate 0.9',
    compressor: descriptor('gzip', { engine: 'native' }),
    data: { mix: 'sentinel', rate: 0.9 },
  },
  {
    title: 'gzip (pako), translation, rate 0.5',
    compressor: descriptor('gzip'),
    data: { mix: 'translation_random', rate: 0.5 },
  },
  { title: 'halfbyte, sentinel, rate 0.9', compressor: descriptor('halfbyte'), data: { mix: 'sentinel', rate: 0.9 } },
];

/** Symbols per second of a loader whose consumer does nothing, after a first batch. */
async function symbolsPerSecond(folder: string, { compressor, data }: (typeof LOADERS)[number]): Promise<number> {
  const batch: BatchOptions = batchOptions.parse({ size: 8, sequenceLength: 2048 });
  const { alphabetSize } = await instantiateCompressor(compressor);
  const loader = await openLoader({
    sources: [{ name: 'train', path: folder, weight: 1 }],
    data: { ...dataOptions.parse({}), ...data },
    batch,
    seed: 1,
    vocabulary: vocabularyLayout(vocabularyOptions.parse({}), alphabetSize, { raw: true, compressed: true }),
    inputs: { views: 9, documentMask: true, multibyteWeights: null },
    ranks: { rank: 0, world: 1 },
    compressor,
    prefetch: 4,
    fromState: null,
  });
  await loader.next();
  const started = performance.now();
  let symbols = 0;
  while (performance.now() - started < SECONDS * 1000) {
    await loader.next();
    symbols += batch.size * batch.sequenceLength;
  }
  const elapsed = (performance.now() - started) / 1000;
  await loader.close();
  return symbols / elapsed;
}

/** MB of text per second of encoding all documents once, the best of some rounds. */
async function megabytesPerSecond(documents: Uint8Array[], encode: (bytes: Uint8Array) => unknown): Promise<number> {
  const bytes = documents.reduce((sum, { length }) => sum + length, 0);
  let best = 0;
  for (let round = 0; round < CODEC_ROUNDS; round++) {
    const started = performance.now();
    for (const document of documents) await encode(document);
    best = Math.max(best, bytes / 1000 / (performance.now() - started));
  }
  return best;
}

/** The same with Python's gzip, or null where there is no Python. Documents go in and the best rate comes out. */
function pythonMegabytesPerSecond(documents: Uint8Array[]): number | null {
  const program = `
import gzip, sys, time, json
documents = [text.encode() for text in json.load(sys.stdin)]
size, best = sum(map(len, documents)), 0.0
for _ in range(${CODEC_ROUNDS}):
    started = time.perf_counter()
    for document in documents: gzip.compress(document, 9, mtime=0)
    best = max(best, size / 1e6 / (time.perf_counter() - started))
print(best)
`;
  const input = JSON.stringify(documents.map((document) => Buffer.from(document).toString()));
  const { status, stdout } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

async function someDocuments(folder: string): Promise<Uint8Array[]> {
  const documents: Uint8Array[] = [];
  let bytes = 0;
  for await (const document of readDocuments(folder, { onBadRecord: 'fail' })) {
    documents.push(document.bytes);
    bytes += document.bytes.length;
    if (bytes > CODEC_BYTES) break;
  }
  return documents;
}

async function codecTable(documents: Uint8Array[]): Promise<string[][]> {
  const python = pythonMegabytesPerSecond(documents);
  const native = await megabytesPerSecond(documents, (bytes) => gzipSync(bytes, { level: 9 }));
  const rows: [string, number | null][] = [
    ["Python's gzip, level 9", python],
    ["Node's zlib, level 9", native],
  ];
  for (const [title, name, options] of [
    ['gzip (pako), level 9', 'gzip', {}],
    ['gzip (native), level 9', 'gzip', { engine: 'native' }],
    ...['bit', 'doublebit', 'halfbyte', 'doublebyte'].map((codec) => [codec, codec, {}] as const),
  ] as const) {
    const compressor = await instantiateCompressor(descriptor(name, options));
    rows.push([title, await megabytesPerSecond(documents, (bytes) => compressor.encode(bytes))]);
    await compressor.dispose?.();
  }
  const ratio = (rate: number | null, peer: number | null) => (rate && peer ? (rate / peer).toFixed(2) : '–');
  return [
    ['COMPRESSOR', 'MB/s', '× Python', '× Node'],
    ...rows.map(([title, rate]) => [title, rate?.toFixed(1) ?? 'not here', ratio(rate, python), ratio(rate, native)]),
  ];
}

const tree = process.argv[2] ?? fileURLToPath(new URL('../node_modules', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'pc-bench-'));
try {
  const folder = join(scratch, 'train');
  const started = performance.now();
  const { training } = await importSourceTree({
    ...IMPORT_DEFAULTS,
    directories: [tree],
    output: folder,
    validation: null,
    extensions: ['js', 'ts', 'mjs', 'cjs'],
    force: false,
  });
  const megabytes = training.textBytes / 1e6;
  const rate = megabytes / ((performance.now() - started) / 1000);
  console.log(`imported ${training.documents} documents, ${megabytes.toFixed(0)} MB, at ${rate.toFixed(0)} MB/s\n`);
  const loaders = [['LOADER', 'symbols/s', '× training']];
  for (const loader of LOADERS) {
    const rateOf = await symbolsPerSecond(folder, loader);
    loaders.push([loader.title, Math.round(rateOf).toLocaleString('en'), (rateOf / CONSUMED).toFixed(0)]);
  }
  for (const line of alignColumns(loaders)) console.log(line);
  console.log();
  for (const line of alignColumns(await codecTable(await someDocuments(folder)))) console.log(line);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
