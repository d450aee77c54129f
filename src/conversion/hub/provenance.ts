import { z } from 'zod';
import { MIX_MODES } from '../../data/options.js';

/**
 * What config.json says beyond what the hub's libraries read: which ids the model knows, and how text was shown to it. With it, a
 * model that was exported and read back is the same, and can be evaluated.
 */
export const PROVENANCE_KEY = 'proxy_compression';

export const provenanceSchema = z.object({
  version: z.literal(1),
  /** Optimizer steps of its training. */
  step: z.int().nonnegative(),
  vocabulary: z.object({
    layout: z.object({
      size: z.int().positive(),
      compressedOffset: z.int().nonnegative(),
      alphabetSize: z.int().nonnegative(),
      rawIncluded: z.boolean(),
    }),
    /** Fingerprint of the compressor. */
    compressor: z.string(),
  }),
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
