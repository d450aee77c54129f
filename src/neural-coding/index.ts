export type { ByteModel, EntropyOptions, FrequencyModel, ProbabilityModel } from './byte-model.js';
export { CODEBOOK_SOURCES, type Codebook, type CodebookProvenance, type CodebookSource } from './codebook.js';
export { decodeCodebook, readCodebook, writeCodebook } from './codebook-file.js';
export { type CompileOptions, compileCodebook } from './compile-codebook.js';
export { quantised } from './frequencies.js';
export * from './parameters.js';
export type { Segmenter } from './segmentation.js';
