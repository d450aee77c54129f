import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PreprocessOptions, PreprocessReport } from '../../../src/data/preprocess/options.js';
import { preprocess } from '../../../src/data/preprocess/preprocess.js';
import { BUILTIN_ENTRY, type CompressorDescriptor } from '../../../src/plugins/compressor-instance.js';

/** A built-in compressor, as the registry describes it. */
export function builtin(name: string, options: Record<string, unknown> = {}): CompressorDescriptor {
  return { entryUrl: BUILTIN_ENTRY, name, options, artifactsDirectory: '' };
}

/** Preprocesses `input` into `output`, with halfbyte and one thread unless told otherwise. */
export function run(input: string, output: string, more: Partial<PreprocessOptions> = {}): Promise<PreprocessReport> {
  return preprocess({
    targets: [{ input, output }],
    compressors: [builtin('halfbyte')],
    format: 'jsonl',
    workers: 1,
    part: { index: 0, count: 1 },
    shardBytes: 2 ** 30,
    verify: false,
    onBadRecord: 'fail',
    force: false,
    ...more,
  });
}

/** Every file below a folder by its path, as text. */
export function filesBelow(folder: string, at = ''): Record<string, string> {
  const entries = readdirSync(join(folder, at)).flatMap((name): [string, string][] => {
    const path = join(at, name);
    return statSync(join(folder, path)).isDirectory()
      ? Object.entries(filesBelow(folder, path))
      : [[path, readFileSync(join(folder, path), 'latin1')]];
  });
  return Object.fromEntries(entries);
}

/** The records of a JSONL text. */
export function recordsOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
