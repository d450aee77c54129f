/**
 * How fast documents are cut into segments, by an entropy table on one thread and by models with all cores:
 *
 *     npm run bench:segmentation [-- --data PATH] [--table FILE] [--m1 CHECKPOINT]…
 *
 * PATH is a dataset, by default the JavaScript and TypeScript of the project's own dependencies. Without a table one is made
 * of the same text. Each model is asked for the entropies of some documents at its full context, once to warm up and then
 * for at least 20 s, two calls at a time. To reach: 20 MB/s by a table; 0.25 GB/h with 0.5 M parameters at context 512 and 0.57 GB/h with
 * 0.3 M at context 256. The paper's figures (0.57 GB/h, and 0.005 GB/h for what it compares itself with) are for a model of
 * 40 M parameters on a GPU, coding included: other models on other machines.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { latestCheckpoint } from '../src/checkpoints/index.js';
import { readDocuments } from '../src/data/documents.js';
import type { EntropyTable } from '../src/neural-coding/entropy-table.js';
import { EntropyAutomaton } from '../src/neural-coding/entropy-table-automaton.js';
import { buildContexts, CONTEXT_DEFAULTS } from '../src/neural-coding/entropy-table-contexts.js';
import { makeEntropyTable, readEntropyTable } from '../src/neural-coding/entropy-table-file.js';
import { EntropyHistogram, PAPER_SEGMENTATION } from '../src/neural-coding/segmentation-calibration.js';
import { measuredEntropies } from '../src/neural-coding/segmentation-entropy.js';
import { tableSegmenter } from '../src/neural-coding/segmentation-table.js';
import { openByteModel } from '../src/plugins/byte-model/index.js';
import { seconds } from './measure.js';
import { median, printTable } from './report.js';

const TEXT_BYTES = 16e6;
const ROUNDS = 5;
const MODEL_SECONDS = 20;
/** Text of one call of a model. */
const CALL_BYTES = 1 << 17;
/** Calls under way at a time, as there are when several workers cut: none waits for the last rows of another. */
const CALLERS = 2;
const LONGEST = 200_000;

const { values } = parseArgs({
  options: { data: { type: 'string' }, table: { type: 'string' }, m1: { type: 'string', multiple: true } },
});

async function someDocuments(data: string | undefined): Promise<Uint8Array[]> {
  const documents: Uint8Array[] = [];
  let bytes = 0;
  const source = data === undefined ? dependencies() : readDocuments(data, { onBadRecord: 'skip' });
  for await (const { bytes: document } of source) {
    documents.push(document.slice());
    bytes += document.length;
    if (bytes >= TEXT_BYTES) break;
  }
  return documents;
}

function* dependencies(): Generator<{ bytes: Uint8Array }> {
  const folder = fileURLToPath(new URL('../node_modules', import.meta.url));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.[cm]?[jt]s$/.test(entry.name)) continue;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    if (bytes.length <= LONGEST) yield { bytes };
  }
}

async function tableOf(documents: readonly Uint8Array[]): Promise<EntropyTable> {
  let end = 0;
  const ends = Uint32Array.from(documents, ({ length }) => {
    end += length;
    return end;
  });
  const trie = await buildContexts({ bytes: Buffer.concat(documents), ends }, CONTEXT_DEFAULTS);
  const automaton = new EntropyAutomaton(trie);
  const histogram = new EntropyHistogram();
  for (const document of documents) histogram.add(automaton.run(document));
  return makeEntropyTable(trie, histogram.quantiles(), { corpus: 'bench', countedBytes: end, calibrationBytes: end });
}

/** Documents in turn, as much of them as one call takes. */
function calls(documents: readonly Uint8Array[]): () => Uint8Array[] {
  let next = 0;
  return () => {
    const together: Uint8Array[] = [];
    for (let size = 0; size < CALL_BYTES; size += together.at(-1)!.length)
      together.push(documents[next++ % documents.length]!);
    return together;
  };
}

const documents = await someDocuments(values.data);
const bytes = documents.reduce((sum, { length }) => sum + length, 0);
console.log(`${documents.length} documents, ${(bytes / 1e6).toFixed(1)} MB; ${cpus()[0]!.model}\n`);

const table = values.table === undefined ? await tableOf(documents) : await readEntropyTable(values.table);
const loading: number[] = [];
const cutting: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  let segmenter = tableSegmenter(table, PAPER_SEGMENTATION);
  loading.push(await seconds(() => (segmenter = tableSegmenter(table, PAPER_SEGMENTATION))));
  cutting.push(
    await seconds(() => {
      for (const document of documents) segmenter.segment([document]);
    }),
  );
}
printTable(
  ['TABLE', 'contexts', 'ready in ms', 'MB/s on one thread'],
  [
    [
      values.table ?? 'made of this text',
      String(table.bytes.length),
      (1000 * median(loading)).toFixed(0),
      (bytes / 1e6 / median(cutting)).toFixed(1),
    ],
  ],
);

const rows: string[][] = [];
for (const path of values.m1 ?? []) {
  const model = await openByteModel((await latestCheckpoint(path))?.path ?? path);
  const nextCall = calls(documents);
  // The first call compiles.
  await measuredEntropies(model, nextCall());
  let asked = 0;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const caller = async () => {
    while (elapsed() < MODEL_SECONDS) {
      const together = nextCall();
      await measuredEntropies(model, together);
      asked += together.reduce((sum, { length }) => sum + length, 0);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const spent = elapsed();
  rows.push([
    path,
    `${(model.parameters / 1e6).toFixed(2)} M`,
    String(model.context),
    String(availableParallelism()),
    ((asked / 1e9 / spent) * 3600).toFixed(3),
  ]);
  await model.dispose();
}
if (rows.length > 0) {
  console.log();
  printTable(['MODEL', 'parameters', 'context', 'threads', 'GB/h'], rows);
}
