import { z } from 'zod';

export const onnxruntimeOptions = z.strictObject({
  threads: z.int().positive().nullable().default(null).describe('threads that compute; null: one a core'),
  arena: z.boolean().default(true).describe('keep freed memory for the next step; off: less memory, slower'),
});

export type OnnxruntimeOptions = z.infer<typeof onnxruntimeOptions>;
