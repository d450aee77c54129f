import { bitCompressors } from '../../../compressors/bits/index.js';
import { gzipCompressor } from '../../../compressors/gzip/index.js';
import { type BlockCodec, symbolCodec } from '../../../src/data/compressed-file/block-codec.js';
import { type CompressionTotals, compressed } from '../../../src/data/compressed-file/compress.js';
import { type DecompressionTotals, openCompressed } from '../../../src/data/compressed-file/decompress.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { CompressorDefinition } from '../../../src/plugins/contracts.js';

const context = pluginContext('/nonexistent', () => {});
const DEFINITIONS: readonly CompressorDefinition[] = [...bitCompressors, gzipCompressor];

/** A built-in compressor with its default options, over blocks of so many bytes. */
export async function builtInCodec(name: string, blockBytes = 1000): Promise<BlockCodec> {
  const definition = DEFINITIONS.find((candidate) => candidate.name === name)!;
  return symbolCodec(name, await definition.create(definition.options.parse({}), context), blockBytes);
}

/** Everything that a generator yields, joined, and its value at the end. */
export async function gathered<Totals>(
  generator: AsyncGenerator<Uint8Array, Totals>,
): Promise<{ bytes: Buffer; totals: Totals }> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await generator.next();
    if (done) return { bytes: Buffer.concat(parts), totals: value };
    parts.push(value);
  }
}

export const compressBytes = (
  bytes: Uint8Array,
  codec: BlockCodec,
): Promise<{ bytes: Buffer; totals: CompressionTotals }> => {
  const header = { coder: 'symbols', compressor: 'test', options: {}, name: 'a.txt' } as const;
  return gathered(compressed({ chunks: [bytes], codec, header }));
};

/** @param chunkBytes bytes of the file that arrive at a time */
export async function decompressBytes(
  file: Uint8Array,
  codec: BlockCodec,
  chunkBytes = 64,
): Promise<{ bytes: Buffer; totals: DecompressionTotals }> {
  return gathered((await openCompressed(inChunks(file, chunkBytes), 'a.pcz')).text(codec));
}

export async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
