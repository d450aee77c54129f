/**
 * How long training a tokenizer takes, beside the trainer of Hugging Face's tokenizers (Rust, through Python) with as many
 * threads, on the same documents; and how well two counting threads do against one.
 *
 *     npm run bench:tokenizer-training -- FILE.jsonl [VOCABULARY_SIZE] [THREADS,…]
 *
 * Ours reads the file as part of the time, the peer has the documents in memory before. PC_BENCH_PYTHON names an interpreter that has
 * the package `tokenizers`; without one ours is measured alone. To reach: no slower, and two threads 1.7 times one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alignColumns } from '../src/commands/shell/table.js';
import { REQUEST_DEFAULTS } from '../src/data/tokenizer-training/options.js';
import { trainTokenizerOnData } from '../src/data/tokenizer-training/train-tokenizer.js';
import { TRAINING_DEFAULTS } from '../src/tokenizers/training/index.js';

const PEER = fileURLToPath(new URL('./peers/train-tokenizer.py', import.meta.url));

const [file, size = '32768', threads = '1,2'] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: npm run bench:tokenizer-training -- FILE.jsonl [VOCABULARY_SIZE] [THREADS,…]\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'pc-bench-'));
const rows = [['threads', 'counting', 'merging', 'ours', 'Rust', 'ratio', 'merges']];
const counting: number[] = [];
try {
  for (const workers of threads.split(',').map(Number)) {
    const output = join(folder, 'tokenizer.json');
    const { seconds, textBytes } = await trainTokenizerOnData({
      ...REQUEST_DEFAULTS,
      data: [file],
      output,
      tokenizer: { ...TRAINING_DEFAULTS, vocabularySize: Number(size) },
      heldOutBytes: 0,
      workers,
      force: true,
    });
    counting.push(seconds.counting);
    const total = seconds.counting + seconds.merging;
    const peer = rustSeconds(file, workers);
    const rate = `${seconds.counting.toFixed(2)} s (${(textBytes / 1e6 / seconds.counting).toFixed(0)} MB/s)`;
    rows.push([
      String(workers),
      rate,
      `${seconds.merging.toFixed(2)} s`,
      `${total.toFixed(2)} s`,
      peer === null ? 'not there' : `${peer.seconds.toFixed(2)} s (${peer.version})`,
      peer === null ? '' : (peer.seconds / total).toFixed(2),
      peer === null ? '' : sameMerges(output, peer.merges) ? 'the same' : 'DIFFERENT',
    ]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const line of alignColumns(rows)) process.stdout.write(`${line}\n`);
if (counting.length > 1) {
  process.stdout.write(`counting, first against last: ${(counting[0]! / counting.at(-1)!).toFixed(2)} times as fast\n`);
}

function rustSeconds(data: string, workers: number): { version: string; seconds: number; merges: string[] } | null {
  const path = join(folder, 'merges.txt');
  const result = spawnSync(
    process.env.PC_BENCH_PYTHON ?? 'python3',
    [PEER, data, size, TRAINING_DEFAULTS.pattern, path],
    {
      encoding: 'utf8',
      env: { ...process.env, RAYON_NUM_THREADS: String(workers) },
    },
  );
  if (result.status !== 0) return null;
  return { ...JSON.parse(result.stdout), merges: readFileSync(path, 'utf8').trimEnd().split('\n') };
}

function sameMerges(path: string, expected: readonly string[]): boolean {
  const { model } = JSON.parse(readFileSync(path, 'utf8')) as { model: { merges: [string, string][] } };
  return model.merges.length === expected.length && model.merges.every((merge, i) => merge.join(' ') === expected[i]);
}
