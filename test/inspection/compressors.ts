import { bitCompressors } from '../../compressors/bits/index.js';
import { gzipCompressor } from '../../compressors/gzip/index.js';
import type { NamedCompressor } from '../../src/inspection/index.js';
import { pluginContext } from '../../src/plugins/compressor-instance.js';
import type { Compressor, CompressorDefinition } from '../../src/plugins/contracts.js';

const context = pluginContext('/nonexistent', () => {});
const definitions: readonly CompressorDefinition[] = [...bitCompressors, gzipCompressor];

/** A built-in compressor with its default options. */
export async function builtIn(name: string): Promise<NamedCompressor> {
  const definition = definitions.find((candidate) => candidate.name === name)!;
  const compressor = await definition.create(definition.options.parse({}), context);
  return { name, summary: definition.summary, compressor };
}

/** A compressor whose symbols are the bytes, changed in some way. */
export function oddCompressor(name: string, changes: Partial<Compressor>): NamedCompressor {
  const compressor: Compressor = {
    alphabetSize: 256,
    fingerprint: name,
    encode: (bytes) => ({ symbols: new Uint32Array(bytes) }),
    decode: ({ symbols }) => new Uint8Array(symbols),
    field: { name: `pc_${name}`, write: () => '', read: () => ({ symbols: new Uint32Array() }) },
    ...changes,
  };
  return { name, summary: `the compressor ${name}`, compressor };
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A text as documents. */
export async function* documents(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}
