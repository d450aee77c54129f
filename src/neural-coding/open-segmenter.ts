import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodebookError } from '../support/errors.js';
import { packageRoot } from '../support/package-root.js';
import { readModelQuantiles } from './entropy-quantiles-file.js';
import { ENTROPY_TABLE_EXTENSION } from './entropy-table.js';
import { readEntropyTable } from './entropy-table-file.js';
import type { Segmenter } from './segmentation.js';
import type { SegmentationRequest } from './segmentation-calibration.js';
import { type EntropyModel, entropySegmenter } from './segmentation-entropy.js';
import { tableSegmenter } from './segmentation-table.js';

/** none: a document is one segment. table: by entropies of bounded contexts. entropy: by those of a model. */
export const SEGMENTATION_METHODS = ['none', 'table', 'entropy'] as const;
export type SegmentationMethod = (typeof SEGMENTATION_METHODS)[number];

export interface SegmenterChoice extends SegmentationRequest {
  method: SegmentationMethod;
  /** Of `table`: a shipped table's name, or a file. */
  table: string;
  /** Of `entropy`: the file of the model's quantiles. */
  quantiles: string;
  /** Of `entropy`: opens the model; whoever calls disposes of it. */
  openModel(): Promise<EntropyModel>;
}

/** The table that the package ships. */
export const DEFAULT_ENTROPY_TABLE = 'code';

/**
 * What cuts documents as asked; null where nothing does. Only what the method needs is read.
 *
 * @throws CodebookError for files that are missing or damaged; ConfigError for thresholds out of range; what `openModel` throws
 */
export async function openSegmenter(choice: SegmenterChoice): Promise<Segmenter | null> {
  switch (choice.method) {
    case 'none':
      return null;
    case 'table':
      return tableSegmenter(await readEntropyTable(resolveEntropyTable(choice.table)), choice);
    case 'entropy': {
      const quantiles = await readModelQuantiles(choice.quantiles);
      return entropySegmenter(await choice.openModel(), quantiles, choice);
    }
  }
}

/**
 * The path of a table that is given by the name of a shipped one, or by a path, which comes first.
 *
 * @throws CodebookError if there is neither
 */
export function resolveEntropyTable(nameOrPath: string): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  if (nameOrPath === DEFAULT_ENTROPY_TABLE) {
    const shipped = join(packageRoot(), 'artifacts', 'codebooks', `${nameOrPath}${ENTROPY_TABLE_EXTENSION}`);
    if (existsSync(shipped)) return shipped;
  }
  throw new CodebookError(`there is no entropy table ${nameOrPath}`, {
    file: nameOrPath,
    hint: `Make one with \`pc codebook segmentation DATA -o FILE${ENTROPY_TABLE_EXTENSION}\`.`,
  });
}
