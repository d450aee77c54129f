import { z } from 'zod';

export const onnxruntimeOptions = z.strictObject({
  device: z.enum(['auto', 'cpu']).default('auto').describe('where programs run'),
  threads: z.int().positive().nullable().default(null).describe('threads that compute; null: one a core'),
  arena: z.boolean().default(true).describe('keep freed memory for the next step; off: less memory, slower'),
});

export type OnnxruntimeOptions = z.infer<typeof onnxruntimeOptions>;
