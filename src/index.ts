/**
 * The library: what programs that use proxy compression without the command line need. Plugins import nothing from here;
 * they receive what they need from their host (see `proxy-compression/plugin`).
 */
export * from './checkpoints/index.js';
export * from './config/index.js';
export * from './conversion/index.js';
export * from './evaluation/index.js';
export * from './graph/index.js';
export * from './models/index.js';
export * from './neural-coding/index.js';
export { type CompressorDescriptor, instantiateCompressor } from './plugins/compressor-instance.js';
export * from './plugins/contracts.js';
export { definePlugin } from './plugins/define-plugin.js';
export { builtinRegistry, loadRegistry } from './plugins/discovery.js';
export { PluginRegistry } from './plugins/registry.js';
export * from './reporting/index.js';
export * from './support/errors.js';
export * from './vocabulary/layout.js';
