import { join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { DEFAULT_ENTROPY_TABLE, resolveEntropyTable } from '../../src/neural-coding/artifacts.js';
import { readModelQuantiles } from '../../src/neural-coding/entropy-quantiles-file.js';
import { readEntropyTable } from '../../src/neural-coding/entropy-table-file.js';
import type { Segmenter } from '../../src/neural-coding/segmentation.js';
import { PAPER_SEGMENTATION, type SegmentationRequest } from '../../src/neural-coding/segmentation-calibration.js';
import { entropySegmenter } from '../../src/neural-coding/segmentation-entropy.js';
import { tableSegmenter } from '../../src/neural-coding/segmentation-table.js';
import type { PluginContext } from '../../src/plugins/contracts.js';
import type { NeuralOptions } from './options.js';

/** File of a run or checkpoint that its quantiles are looked for in. */
const QUANTILES_FILE = 'quantiles.json';

export interface OpenSegmenter extends Segmenter {
  dispose(): Promise<void>;
}

/**
 * What cuts documents; null for nothing.
 *
 * @throws CodebookError or CheckpointError for files that are missing or damaged; ConfigError for quantiles that are not kept
 */
export async function openSegmenter(options: NeuralOptions, context: PluginContext): Promise<OpenSegmenter | null> {
  switch (options.segmentation) {
    case 'none':
      return null;
    case 'table': {
      const table = await readEntropyTable(resolveEntropyTable(options.entropyTable ?? DEFAULT_ENTROPY_TABLE));
      return { ...tableSegmenter(table, requestOf(options)), dispose: async () => {} };
    }
    case 'entropy': {
      const path = resolve(options.segmentationModel!);
      const quantiles = await readModelQuantiles(options.segmentationQuantiles ?? join(path, QUANTILES_FILE));
      const model = await context.byteModel(path, threadsHere());
      return { ...entropySegmenter(model, quantiles, requestOf(options)), dispose: () => model.dispose() };
    }
  }
}

/** One thread for the model where other threads of a pool have theirs. */
export function threadsHere(): { threads?: number } {
  return isMainThread ? {} : { threads: 1 };
}

function requestOf({ criterion, levelQuantile, jumpQuantile, longestSegment }: NeuralOptions): SegmentationRequest {
  return {
    criterion: criterion ?? PAPER_SEGMENTATION.criterion,
    levelQuantile: levelQuantile ?? PAPER_SEGMENTATION.levelQuantile,
    jumpQuantile: jumpQuantile ?? PAPER_SEGMENTATION.jumpQuantile,
    longest: longestSegment ?? PAPER_SEGMENTATION.longest,
  };
}
