export type { FlagSetting } from './command-line.js';
export { compressorSettings } from './compressor-settings.js';
export { type DataConfig, loadDataConfig } from './data-config.js';
export { resolvedViews, symbolsPerStep, vocabularyFor } from './derived.js';
export { type DescribedConfig, type DescribedSetting, describePreset, describeRequest } from './describe.js';
export { configFields, type Field } from './fields.js';
export {
  type ConfigRequest,
  loadConfig,
  loadConfigFile,
  loadRunConfig,
  namedRunDirectory,
  type Origins,
  type ResolvedConfig,
} from './load.js';
export { listPresets, type Preset } from './presets.js';
export { CHOOSE_A_MODEL } from './problems.js';
export { RECIPE_VARIANTS } from './recipe-variants.js';
export { backendOptions, type Config, compressorOptions, configSchema, runDirectory } from './schema.js';
export { readSerialisedConfig, type SerialisedSetting, serialiseConfig } from './serialise.js';
export type { Origin } from './setting.js';
