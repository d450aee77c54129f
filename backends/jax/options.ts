import { z } from 'zod';

export const jaxOptions = z.strictObject({
  device: z
    .enum(['auto', 'cpu', 'gpu', 'tpu'])
    .default('auto')
    .describe('kind of device; auto: the fastest kind that there is'),
  devices: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('devices that train together; null: all. On the CPU so many are simulated, null: one'),
  shards: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('devices that share one copy of parameters and moments, a divisor of devices; null: all of them'),
  matmul: z
    .enum(['highest', 'tensorfloat32', 'bfloat16'])
    .default('highest')
    .describe('precision of products of float32 numbers, where a device has several; highest: float32'),
  deterministic: z
    .boolean()
    .default(true)
    .describe('on GPUs, only kernels that give the same bits every time, which a resumed run relies on'),
  python: z
    .string()
    .nullable()
    .default(null)
    .describe('a Python that has jax; null: PC_JAX_PYTHON, or the one of `pc backends install jax`'),
  programs: z
    .string()
    .nullable()
    .default(null)
    .describe('directory that every program is written into, to be run elsewhere (docs/program-format.md); null: none'),
});

export type JaxOptions = z.infer<typeof jaxOptions>;
