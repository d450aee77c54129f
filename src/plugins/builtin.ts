import { jaxBackend } from '../../backends/jax/index.js';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { tfjsBackend } from '../../backends/tfjs/index.js';
import { bitCompressors } from '../../compressors/bits/index.js';
import { bpeCompressor } from '../../compressors/bpe/index.js';
import { gzipCompressor } from '../../compressors/gzip/index.js';
import { neuralCompressor } from '../../compressors/neural/index.js';
import { tokenBytesCompressor } from '../../compressors/token-bytes/index.js';
import { PLUGIN_API_VERSION, type PluginManifest } from './contracts.js';
import type { PluginOptions } from './host.js';

/**
 * The plugins that come with this package, as one plugin like any other. The only module that imports plugin folders;
 * their definitions are light, and load what they need in `create`.
 */
export default function builtin({ host }: PluginOptions): PluginManifest {
  return host.definePlugin({
    apiVersion: PLUGIN_API_VERSION,
    name: 'built-in',
    compressors: [gzipCompressor, bpeCompressor, tokenBytesCompressor, neuralCompressor, ...bitCompressors],
    backends: [onnxruntimeBackend, tfjsBackend, jaxBackend],
  });
}
