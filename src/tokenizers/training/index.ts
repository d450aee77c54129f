export { type CountedPretokens, type PretokenSource, pretokensOfRuns, pretokensOfTable } from './corpus.js';
export {
  type TokenizerTrainingOptions,
  TRAINING_DEFAULTS,
} from './options.js';
export { PretokenCounter } from './pretoken-counter.js';
export { writeRun } from './pretoken-runs.js';
export { type PretokenArrays, PretokenTable } from './pretoken-table.js';
export { splitterOf } from './splitter.js';
export { type TrainedTokenizer, trainTokenizer } from './train.js';
