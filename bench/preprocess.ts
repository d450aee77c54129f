/**
 * `pc preprocess`: MB of text per second for each compressor with one worker and with two, all included: threads start,
 * tokenizers load, files are read, written and synced. Beside it, on the same files and with as many processes or
 * threads, Python writes the same: gzip in a pool of processes, bpe by Hugging Face's tokenizers (Rust).
 *
 *     PC_BENCH_PYTHON=/path/to/python npm run bench:preprocess -- FOLDER [--only TITLE,…]
 *
 * FOLDER is a dataset of JSONL. What the interpreter cannot import is left out. Ratios are bounded by what a second thread is
 * worth on the machine, which is measured before and after. To reach: two workers 1.7 times one; neural
 * at 25 MB/s with two, and at 10 with segments.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PREPROCESS_DEFAULTS } from '../src/data/preprocess/options.js';
import { preprocess } from '../src/data/preprocess/preprocess.js';
import { BUILTIN_ENTRY } from '../src/plugins/compressor-instance.js';
import { DEFAULT_TOKENIZER, resolveTokenizer } from '../src/tokenizers/artifacts.js';
import { threadScaling } from './machine.js';
import { printTable } from './report.js';

const PEER = fileURLToPath(new URL('./peers/preprocess.py', import.meta.url));
const WORKERS = [1, 2] as const;

interface Case {
  title: string;
  compressor: string;
  options: Record<string, unknown>;
  /** What of the peer writes the same kind of codes. */
  peer: 'gzip' | 'bpe' | null;
}

const CASES: readonly Case[] = [
  { title: 'gzip (pako)', compressor: 'gzip', options: {}, peer: 'gzip' },
  { title: 'gzip (native)', compressor: 'gzip', options: { engine: 'native' }, peer: 'gzip' },
  { title: 'bpe', compressor: 'bpe', options: {}, peer: 'bpe' },
  { title: 'token-bytes', compressor: 'token-bytes', options: {}, peer: null },
  { title: 'halfbyte', compressor: 'halfbyte', options: {}, peer: null },
  { title: 'neural', compressor: 'neural', options: {}, peer: null },
  { title: 'neural with segments', compressor: 'neural', options: { segmentation: 'table' }, peer: null },
];

/** Seconds that it takes, and bytes of text. */
async function ours(
  input: string,
  { compressor: name, options }: Case,
  workers: number,
): Promise<{ seconds: number; bytes: number }> {
  return inScratch(async (output) => {
    const { seconds, datasets } = await preprocess({
      ...PREPROCESS_DEFAULTS,
      targets: [{ input, output }],
      compressors: [{ entryUrl: BUILTIN_ENTRY, name, options, artifactsDirectory: '' }],
      workers,
      part: { index: 0, count: 1 },
      verify: false,
      onBadRecord: 'fail',
      force: false,
    });
    return { seconds, bytes: datasets[0]!.textBytes };
  });
}

/** Seconds that Python takes; null where it cannot. */
async function python(input: string, kind: 'gzip' | 'bpe', workers: number): Promise<number | null> {
  return inScratch(async (output) => {
    const program = process.env.PC_BENCH_PYTHON ?? 'python3';
    const tokenizer = resolveTokenizer(DEFAULT_TOKENIZER);
    const { status, stdout } = spawnSync(program, [PEER, kind, String(workers), input, output, tokenizer], {
      encoding: 'utf8',
      env: { ...process.env, RAYON_NUM_THREADS: String(workers) },
    });
    return status === 0 ? Number(stdout) : null;
  });
}

async function inScratch<T>(work: (output: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'pc-bench-'));
  try {
    return await work(join(scratch, 'out'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const { positionals, values: flags } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const [folder] = positionals;
const only = flags.only?.split(',');
if (folder === undefined) {
  process.stderr.write('usage: npm run bench:preprocess -- FOLDER [--only TITLE,…]\n');
  process.exit(2);
}
const before = await threadScaling();
const peers = new Map<string, number | null>();
const rows: string[][] = [];
for (const tried of CASES.filter(({ title }) => only === undefined || only.includes(title))) {
  const rates: number[] = [];
  for (const workers of WORKERS) {
    const { seconds, bytes } = await ours(folder, tried, workers);
    rates.push(bytes / 1e6 / seconds);
    const key = `${tried.peer} ${workers}`;
    if (tried.peer !== null && !peers.has(key)) {
      const peer = await python(folder, tried.peer, workers);
      peers.set(key, peer === null ? null : bytes / 1e6 / peer);
    }
  }
  const [one, two] = rates as [number, number];
  const [peerOne, peerTwo] = WORKERS.map((workers) => peers.get(`${tried.peer} ${workers}`) ?? null);
  const shown = (rate: number | null | undefined) => rate?.toFixed(1) ?? '–';
  const ratio = peerTwo ? (two / peerTwo).toFixed(2) : '–';
  rows.push([tried.title, shown(one), shown(two), (two / one).toFixed(2), shown(peerOne), shown(peerTwo), ratio]);
}
printTable(['COMPRESSOR', '1 worker', '2 workers', 'ratio', 'Python, 1', 'Python, 2', '× Python, 2'], rows);
const scaling = [before, await threadScaling()].map((ratio) => ratio.toFixed(2)).join(' before, ');
process.stdout.write(`\nTwo threads of this machine compute ${scaling} after, times as much as one.\n`);
