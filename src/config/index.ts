export type { FlagSetting } from './command-line.js';
export { resolvedViews, symbolsPerStep, vocabularyFor } from './derived.js';
export { configFields, type Field } from './fields.js';
export { type ConfigRequest, loadConfig, loadConfigFile, type Origins, type ResolvedConfig } from './load.js';
export { listPresets, type Preset } from './presets.js';
export { backendOptions, type Config, compressorOptions, configSchema, runDirectory } from './schema.js';
export { readSerialisedConfig, type SerialisedSetting, serialiseConfig } from './serialise.js';
export type { Origin } from './setting.js';
