import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  type CompressorFile,
  consolidatedFileName,
  trainedVocabularyOf,
} from '../checkpoints/index.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { PcError } from '../support/errors.js';
import { resolveTokenizer } from '../tokenizers/artifacts.js';
import type { ModelSettings } from './checkpointed-model.js';
import { requireTrainedCompressor } from './trained-compressor.js';

export interface CompressorFiles {
  files: CompressorFile[];
  /** Why the files that the options name are not those of the training; null if they are. */
  problem: string | null;
}

/** What a folder of a tokenizer may hold, in the order in which it is looked for. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer.json.gz', 'tokenizer.model'];

/**
 * The files that a checkpoint's compressor is made from, such as its tokenizer: those that its options name, if the
 * compressor that they make is that of the training. A model that was trained on raw bytes alone has none.
 */
export async function compressorFilesOf(
  checkpoint: Checkpoint,
  { data, compressors }: ModelSettings,
  registry: PluginRegistry,
): Promise<CompressorFiles> {
  const { layout, compressor: fingerprint } = trainedVocabularyOf(checkpoint);
  if (layout.alphabetSize === 0) return { files: [], problem: null };
  try {
    const options: unknown = registry
      .compressor(data.compressor)
      .definition.options.parse(compressors[data.compressor] ?? {});
    const files = await namedFiles(options);
    if (files.length === 0) return { files, problem: null };
    const compressor = await registry.createCompressor(data.compressor, compressors[data.compressor]);
    try {
      requireTrainedCompressor(compressor, fingerprint, checkpoint, '');
    } finally {
      await compressor.dispose?.();
    }
    return { files, problem: null };
  } catch (error) {
    if (!(error instanceof PcError)) throw error;
    return { files: [], problem: error.message };
  }
}

async function namedFiles(options: unknown): Promise<CompressorFile[]> {
  const files: CompressorFile[] = [];
  for (const [option, value] of Object.entries(options ?? {})) {
    const path =
      typeof value === 'string' ? await fileAt(option === 'tokenizer' ? resolveTokenizer(value) : value) : null;
    if (path === null) continue;
    files.push({ option, path, name: consolidatedFileName(option, path, files) });
  }
  return files;
}

/** The file itself, or that of a tokenizer in a folder. */
async function fileAt(path: string): Promise<string | null> {
  for (const candidate of [path, ...TOKENIZER_FILES.map((name) => join(path, name))]) {
    const status = await stat(candidate).catch(() => null);
    if (status?.isFile()) return candidate;
  }
  return null;
}
