import { z } from 'zod';
import { trainedVocabularySchema } from '../checkpoints/index.js';
import { MIX_MODES } from '../data/options.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';
import { lastCompression, type TrainedRun } from './trained-run.js';

/**
 * What config.json says beyond what the hub's libraries read: which ids the model knows, and how text was shown to it. With it, a
 * model that was exported and read back is the same, and can be evaluated.
 */
export const PROVENANCE_KEY = 'proxy_compression';

export const provenanceSchema = z.object({
  version: z.literal(1),
  /** Optimizer steps of its training. */
  step: z.int().nonnegative(),
  vocabulary: trainedVocabularySchema,
  /** At the end of its training. */
  data: z.object({
    compressor: z.string(),
    mix: z.enum(MIX_MODES),
    rate: z.number().min(0).max(1),
    addBos: z.boolean(),
    addEos: z.boolean(),
  }),
});

export type Provenance = z.infer<typeof provenanceSchema>;

/** What an export says of a run's checkpoint. */
export function provenanceOf(step: number, run: TrainedRun, layout: VocabularyLayout, compressor: string): Provenance {
  const { mode, rate } = lastCompression(run, step);
  const { addBos, addEos } = run.data;
  return {
    version: 1,
    step,
    vocabulary: { layout, compressor },
    // A model whose compressed symbols were taken away knows raw text alone.
    data: { compressor: run.data.compressor, mix: mode, rate: layout.alphabetSize > 0 ? rate : 0, addBos, addEos },
  };
}
