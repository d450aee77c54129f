/**
 * The types-only entry `proxy-compression/plugin`, for authors of plugins. At run time a plugin receives all it needs
 * from its host:
 *
 *     import type { PluginOptions } from 'proxy-compression/plugin';
 *     export default ({ host }: PluginOptions) => host.definePlugin({ apiVersion: 1, name: 'mine', compressors: [] });
 */
export type { DType, HostTensor, Shape } from '../graph/tensor.js';
export type * from './contracts.js';
export type { PluginHost, PluginOptions } from './host.js';
