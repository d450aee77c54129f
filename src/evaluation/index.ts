export { CONFIDENCE_LEVEL, type Interval } from './bpb/bootstrap.js';
export { type BpbComparison, compareResults, resampling } from './bpb/comparison.js';
export { type BpbMeasurement, type BpbRequest, evaluateBpb } from './bpb/evaluate.js';
export { type BpbRunRequest, runBpbEvaluation } from './bpb/evaluation-run.js';
export type { BpbResults } from './bpb/results.js';
export {
  defaultResultsDirectory,
  findResults,
  holdsResults,
  readResults,
  requireFreeResultsDirectory,
} from './bpb/results-directory.js';
export { Scorer } from './bpb/scorer.js';
export { bitsPerByte } from './bpb/scores.js';
export { requireHeldOut, Validation, type ValidationRequest } from './bpb/validation.js';
export { type CheckpointedModel, type CheckpointedModelRequest, openCheckpointedModel } from './checkpointed-model.js';
