/**
 * What compressors make of the documents of some datasets: bytes of text per symbol, and bits per byte, in two tables.
 *
 *     npm run bench:codes -- DATASET… [--codebook NAME|FILE]…
 *
 * Each document is compressed by itself, as training reads it. Codebooks count symbols of the widest kind that fills
 * their windows; gzip (level 9) and zstd (level 19) have symbols of a byte; a token of code-65k counts 16 bits. Bits per
 * byte are of the codes as they are, without any further model of them.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import { readDocuments } from '../src/data/documents.js';
import { resolveCodebook } from '../src/neural-coding/artifacts.js';
import { readCodebook } from '../src/neural-coding/codebook-file.js';
import { formatOf, parserOf } from '../src/neural-coding/phrase-counts.js';
import { DEFAULT_TOKENIZER, resolveTokenizer } from '../src/tokenizers/artifacts.js';
import { loadTokenizer } from '../src/tokenizers/index.js';
import { printTable } from './report.js';

interface Coder {
  title: string;
  /** Symbols of a document. */
  symbols(document: Uint8Array): number;
  bitsPerSymbol: number;
}

const { positionals: datasets, values: flags } = parseArgs({
  allowPositionals: true,
  options: { codebook: { type: 'string', multiple: true, default: ['code-16', 'code-12'] } },
});
if (datasets.length === 0) {
  process.stderr.write('usage: npm run bench:codes -- DATASET… [--codebook NAME|FILE]…\n');
  process.exit(2);
}

const zstd = await Zstd.load();
const tokenizer = await loadTokenizer(resolveTokenizer(DEFAULT_TOKENIZER));
const decoder = new TextDecoder();
const coders: Coder[] = [
  ...(await Promise.all(flags.codebook.map(codebookCoder))),
  {
    title: DEFAULT_TOKENIZER,
    symbols: (document) => tokenizer.encode(decoder.decode(document)).length,
    bitsPerSymbol: 16,
  },
  { title: 'gzip -9', symbols: (document) => gzipSync(document, { level: 9 }).length, bitsPerSymbol: 8 },
  { title: 'zstd -19', symbols: (document) => zstd.compress(document, 19).length, bitsPerSymbol: 8 },
];

const measured: { name: string; bytes: number; symbols: number[] }[] = [];
for (const path of datasets) {
  const symbols = coders.map(() => 0);
  let bytes = 0;
  for await (const { bytes: document } of readDocuments(path, { onBadRecord: 'fail' })) {
    bytes += document.length;
    for (const [index, coder] of coders.entries()) symbols[index]! += coder.symbols(document);
  }
  measured.push({ name: basename(path), bytes, symbols });
}

print('bytes per symbol', (bytes, symbols) => bytes / symbols);
print('bits per byte', (bytes, symbols, { bitsPerSymbol }) => (bitsPerSymbol * symbols) / bytes);

function print(what: string, value: (bytes: number, symbols: number, coder: Coder) => number): void {
  process.stdout.write(`\n${what}\n`);
  printTable(
    ['dataset', 'MB', ...coders.map(({ title }) => title)],
    measured.map(({ name, bytes, symbols }) => [
      name,
      (bytes / 1e6).toFixed(1),
      ...coders.map((coder, index) => value(bytes, symbols[index]!, coder).toFixed(2)),
    ]),
  );
}

async function codebookCoder(nameOrPath: string): Promise<Coder> {
  const codebook = await readCodebook(resolveCodebook(nameOrPath));
  const { symbolBits } = formatOf(codebook);
  const parser = parserOf(codebook);
  const perWindow = codebook.windowBits / symbolBits;
  return {
    title: basename(nameOrPath, '.codebook'),
    symbols: (document) => perWindow * parser.parse(document).length,
    bitsPerSymbol: symbolBits,
  };
}
