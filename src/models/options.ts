import { z } from 'zod';
import { evabyteOptions } from './evabyte/options.js';
import { opencoderOptions } from './opencoder/options.js';

export const modelOptions = z.discriminatedUnion('architecture', [evabyteOptions, opencoderOptions]);

export type ModelOptions = z.infer<typeof modelOptions>;
