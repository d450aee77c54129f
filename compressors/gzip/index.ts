import { z } from 'zod';
import type { CompressorDefinition } from '../../src/plugins/contracts.js';

const gzipOptions = z.strictObject({
  engine: z
    .enum(['pako', 'native'])
    .default('pako')
    .describe("pako: the same bytes on every machine; native: Node's own zlib, faster, bytes vary with its version"),
  level: z.int().min(0).max(9).default(9).describe('0 stores, 1 is fastest, 9 is smallest'),
});

export type GzipOptions = z.infer<typeof gzipOptions>;

export const gzipCompressor: CompressorDefinition<GzipOptions> = {
  name: 'gzip',
  summary: 'gzip (DEFLATE) of each document; one symbol a compressed byte',
  options: gzipOptions,
  async create(options) {
    const { createGzip } = await import('./gzip.js');
    return createGzip(options);
  },
};
