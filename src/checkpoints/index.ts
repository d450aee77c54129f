export { latestCheckpoint, listCheckpoints } from './list.js';
export { type Checkpoint, openCheckpoint, verifyCheckpoint } from './open.js';
export { applyRetention } from './retention.js';
export { ELEMENT_BYTES, type ElementType } from './safetensors/element-types.js';
export { encodeHeader, tensorByteLength } from './safetensors/header.js';
export { SafetensorsFile } from './safetensors/reader.js';
export { SafetensorsWriter } from './safetensors/writer.js';
export { type CheckpointContent, saveCheckpoint, tidyCheckpoints } from './save.js';
export type { TensorSlice } from './slices.js';
