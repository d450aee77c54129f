/**
 * How fast text becomes windows of a codebook and windows become text, in MB of text per second, and what is left of it,
 * beside gzip and the project's own BPE in the same run on the same bytes:
 *
 *     npm run bench:codebook [-- --data PATH] [--codebook NAME|FILE] [--megabytes N]
 *
 * PATH is a dataset (a folder or a file), by default the JavaScript and TypeScript of the project's own dependencies. While
 * the default codebook is not shipped, one is built from that dataset; text it is measured on is then among what it was
 * made of. Medians are shown, of encoders that have seen the documents before. Bits per byte are those that the symbols
 * would take at one length each: windows are made to be learnt from, not to be small. To reach: encoding 40 MB/s on a
 * thread and 1.8 times that on two, decoding 200 MB/s.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzipSync, gzipSync } from 'node:zlib';
import { buildCodebook } from '../src/data/codebook-building/build-codebook.js';
import { BUILD_DEFAULTS } from '../src/data/codebook-building/options.js';
import { readDocuments } from '../src/data/documents.js';
import { importSourceTree } from '../src/data/import.js';
import { IMPORT_DEFAULTS } from '../src/data/import-options.js';
import { DEFAULT_CODEBOOK, resolveCodebook } from '../src/neural-coding/artifacts.js';
import { readCodebook } from '../src/neural-coding/codebook-file.js';
import { WindowDecoder } from '../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../src/neural-coding/window-encoder.js';
import { BUILTIN_ENTRY, instantiateCompressor } from '../src/plugins/compressor-instance.js';
import { CodebookError } from '../src/support/errors.js';
import { median, printTable } from './report.js';

const ROUNDS = 7;
const SLOW_ROUNDS = 1;

/** What a worker of this benchmark encodes. */
export interface EncodingShare {
  /** Its path. */
  codebook: string;
  symbolBits: number;
  documents: readonly Uint8Array[];
}

const { values } = parseArgs({
  options: { data: { type: 'string' }, codebook: { type: 'string' }, megabytes: { type: 'string', default: '20' } },
});

async function someDocuments(path: string): Promise<Uint8Array[]> {
  const documents: Uint8Array[] = [];
  let bytes = 0;
  for await (const document of readDocuments(path, { onBadRecord: 'fail' })) {
    documents.push(document.bytes);
    bytes += document.bytes.length;
    if (bytes >= Number(values.megabytes) * 1e6) break;
  }
  return documents;
}

async function importDependencies(folder: string): Promise<string> {
  await importSourceTree({
    ...IMPORT_DEFAULTS,
    directories: [fileURLToPath(new URL('../node_modules', import.meta.url))],
    output: folder,
    validation: null,
    extensions: ['js', 'ts', 'mjs', 'cjs'],
    force: false,
  });
  return folder;
}

/** The path of the codebook asked for, or of one that is made where the default one is not there. */
async function codebookFor(data: string, scratch: string): Promise<string> {
  try {
    return resolveCodebook(values.codebook ?? DEFAULT_CODEBOOK);
  } catch (error) {
    if (values.codebook !== undefined || !(error instanceof CodebookError)) throw error;
  }
  const output = join(scratch, 'made-here.codebook');
  const request = { ...BUILD_DEFAULTS, data: [data], output, starts: 'random', rounds: 2 } as const;
  await buildCodebook({ ...request, validation: null, workers: 2, force: false });
  return output;
}

/** Seconds of some work, the median of several rounds after one that is not counted. */
async function seconds(work: () => unknown, rounds = ROUNDS): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) / 1000);
  }
  return median(times.slice(1));
}

/** Seconds that two threads take for half of the documents each. */
async function secondsOfTwo(share: EncodingShare): Promise<number> {
  const halves: Uint8Array[][] = [[], []];
  const sizes = [0, 0];
  for (const document of share.documents) {
    const smaller = sizes[0]! <= sizes[1]! ? 0 : 1;
    halves[smaller]!.push(document);
    sizes[smaller]! += document.length;
  }
  // A thread begins with JavaScript; this is enough to load TypeScript.
  const url = JSON.stringify(new URL('./codebook-worker.ts', import.meta.url).href);
  const entry = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${url}, ${url}))`;
  const workers = halves.map((documents) => new Worker(entry, { eval: true, workerData: { ...share, documents } }));
  const allReady = () => Promise.all(workers.map((worker) => once(worker, 'message')));
  await allReady();
  const time = await seconds(() => {
    const done = allReady();
    for (const worker of workers) worker.postMessage(true);
    return done;
  });
  for (const worker of workers) worker.postMessage(false);
  return time;
}

const scratch = mkdtempSync(join(tmpdir(), 'pc-bench-'));
try {
  const data = values.data ?? (await importDependencies(join(scratch, 'data')));
  const documents = await someDocuments(data);
  const bytes = documents.reduce((sum, { length }) => sum + length, 0);
  const rate = (time: number) => (bytes / 1e6 / time).toFixed(1);
  console.log(`${documents.length} documents, ${(bytes / 1e6).toFixed(1)} MB\n`);
  const rows: string[][] = [];

  const path = await codebookFor(data, scratch);
  const codebook = await readCodebook(path);
  const { windowBits, coder } = codebook;
  const symbolBits = windowBits <= 16 ? windowBits : windowBits / 2;
  const format = { symbolBits, numbering: 'sparse' } as const;
  const encoder = new WindowEncoder(codebook, format);
  const decoder = new WindowDecoder(codebook, format);
  const encoded = documents.map((document) => encoder.encode(document));
  for (const [index, document] of documents.entries())
    if (Buffer.compare(decoder.decode(encoded[index]!), document) !== 0) throw new Error(`document ${index} changed`);
  const symbols = encoded.reduce((sum, one) => sum + one.symbols.length, 0);
  const one = await seconds(() => documents.map((document) => encoder.encode(document)));
  const two = await secondsOfTwo({ codebook: path, symbolBits, documents });
  const back = await seconds(() => encoded.map((document) => decoder.decode(document)));
  rows.push([
    `windows of ${windowBits} bits, ${coder}`,
    rate(one),
    rate(two),
    (one / two).toFixed(2),
    rate(back),
    ((bytes / symbols) * (windowBits / symbolBits)).toFixed(3),
    ((symbols * symbolBits) / bytes).toFixed(2),
  ]);

  const zipped = documents.map((document) => gzipSync(document, { level: 6 }));
  const zippedBytes = zipped.reduce((sum, { length }) => sum + length, 0);
  const zip = await seconds(() => documents.map((document) => gzipSync(document, { level: 6 })), SLOW_ROUNDS);
  const unzip = await seconds(() => zipped.map((document) => gunzipSync(document)));
  rows.push(['gzip -6 (zlib)', rate(zip), '', '', rate(unzip), '', ((8 * zippedBytes) / bytes).toFixed(2)]);

  const options = { tokenizer: 'code-65k', unrepresentable: 'bytes' };
  const bpe = await instantiateCompressor({ entryUrl: BUILTIN_ENTRY, name: 'bpe', options, artifactsDirectory: '' });
  const tokenized = await Promise.all(documents.map((document) => bpe.encode(document)));
  const tokens = tokenized.reduce((sum, document) => sum + document.symbols.length, 0);
  const tokenize = await seconds(() => documents.map((document) => bpe.encode(document)), SLOW_ROUNDS);
  const detokenize = await seconds(() => tokenized.map((document) => bpe.decode(document)), SLOW_ROUNDS);
  const tokenBits = Math.log2(bpe.alphabetSize);
  const left = [(bytes / tokens).toFixed(3), ((tokens * tokenBits) / bytes).toFixed(2)];
  rows.push(['BPE code-65k', rate(tokenize), '', '', rate(detokenize), ...left]);
  await bpe.dispose?.();

  printTable(['CODES', 'MB/s', 'two threads', '×', 'back, MB/s', 'bytes/window', 'bits/byte'], rows);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
