export type { ByteModel, EntropyOptions, FrequencyModel, ProbabilityModel } from './byte-model.js';
export type { Codebook, CodebookProvenance } from './codebook.js';
export * from './parameters.js';
export type { Segmenter } from './segmentation.js';
