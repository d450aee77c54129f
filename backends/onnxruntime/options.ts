import { z } from 'zod';

export const onnxruntimeOptions = z.strictObject({
  threads: z.int().positive().nullable().default(null).describe('threads that compute; null: one a core'),
  replicas: z
    .union([z.literal('auto'), z.int().positive()])
    .default('auto')
    .describe('copies of the model that train side by side, each on its share of the rows and threads'),
  arena: z.boolean().default(true).describe('keep freed memory for the next step; off: less memory, slower'),
});

export type OnnxruntimeOptions = z.infer<typeof onnxruntimeOptions>;
