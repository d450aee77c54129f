import { z } from 'zod';

export const tfjsOptions = z.strictObject({
  device: z
    .enum(['auto', 'gpu', 'cpu', 'wasm'])
    .default('auto')
    .describe(
      'what computes: gpu (@tensorflow/tfjs-node-gpu), cpu (@tensorflow/tfjs-node), wasm (comes with the package), or auto: the first of these that is installed',
    ),
});

export type TfjsOptions = z.infer<typeof tfjsOptions>;
