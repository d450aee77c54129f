export type { ByteModel, EntropyOptions, FrequencyModel, ProbabilityModel } from './byte-model.js';
export { CODEBOOK_SOURCES, type Codebook, type CodebookProvenance, type CodebookSource } from './codebook.js';
export * from './parameters.js';
export type { Segmenter } from './segmentation.js';
