export { type CountedPretokens, pretokensOfRuns, pretokensOfTable } from './corpus.js';
export {
  PATTERNS,
  TOKENIZER_KINDS,
  type TokenizerTrainingOptions,
  TRAINING_DEFAULTS,
} from './options.js';
export { PretokenCounter } from './pretoken-counter.js';
export { writeRun } from './pretoken-runs.js';
export { type PretokenArrays, PretokenTable } from './pretoken-table.js';
export { splitterOf } from './splitter.js';
export { type TrainedTokenizer, type TrainingCallbacks, trainTokenizer } from './train.js';
