import { z } from 'zod';
import { DEVICE } from './device.js';

export const onnxruntimeOptions = z.strictObject({
  device: z
    .string()
    .regex(DEVICE, 'must be cpu, webgpu, webgpu:N or auto')
    .default('cpu')
    .describe('what computes: cpu, webgpu (the first GPU), webgpu:N, or auto: a GPU where there is one'),
  threads: z.int().positive().nullable().default(null).describe('threads that compute; null: one a core'),
  replicas: z
    .union([z.literal('auto'), z.int().positive()])
    .default('auto')
    .describe('copies of the model that train side by side on the CPU, each on its share of the rows and threads'),
  arena: z.boolean().default(true).describe('keep freed memory for the next step; off: less memory, slower'),
});

export type OnnxruntimeOptions = z.infer<typeof onnxruntimeOptions>;
