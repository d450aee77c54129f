/**
 * Checkpoints: directories of safetensors files with a completion marker. `openCheckpoint` checks one and gives access to
 * its tensors: as they were saved (`tensors`), in exactly the slices that a reader asks for (`slices`), or whole and in
 * pieces (`openReader`). `saveCheckpoint` and `writeCheckpoint` write one; several processes do so together by
 * `beginSharedSave` and `saveTogether`; `writeWholeCheckpoint` makes one of tensors that come in pieces. Safetensors files of any origin are read by `SafetensorsFile` and written by
 * `SafetensorsWriter`.
 */
export { type CheckpointDifference, compareCheckpoints, type TensorDifference } from './compare.js';
export {
  type CompressorFile,
  type Consolidation,
  consolidateCheckpoint,
  consolidatedFileName,
  isConsolidated,
} from './consolidate.js';
export { type Damage, type Examination, examineCheckpoint } from './examine.js';
export { type CheckpointFacts, checkpointFacts } from './facts.js';
export { decodeHalves, encodeHalves, inFloat32 } from './half-precision.js';
export { latestCheckpoint, listCheckpoints } from './list.js';
export { type Checkpoint, openCheckpoint, verifyCheckpoint } from './open.js';
export { decodeProgramFile, encodeProgramFile } from './program-file.js';
export { applyRetention } from './retention.js';
export { ELEMENT_BYTES, ELEMENT_TYPE_OF, type ElementType } from './safetensors/element-types.js';
export { encodeHeader, tensorByteLength } from './safetensors/header.js';
export { SafetensorsFile } from './safetensors/reader.js';
export { SafetensorsWriter } from './safetensors/writer.js';
export { type CheckpointContent, saveCheckpoint, tidyCheckpoints, writeCheckpoint } from './save.js';
export { beginSharedSave, saveTogether } from './shared-save.js';
export type { TensorSlice } from './slices.js';
export { type TrainedModel, trainedModelOf } from './trained-model.js';
export { type TrainedVocabulary, trainedVocabularyOf, trainedVocabularySchema } from './trained-vocabulary.js';
export { saveWeightsOnly } from './weights-only.js';
export { writeWholeCheckpoint } from './whole-tensors.js';
