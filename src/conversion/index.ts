export { WEIGHT_TYPE_NAMES, type WeightType } from './float-elements.js';
export { exportToHub, type HubExportReport, type HubExportRequest } from './hub/export.js';
export { RAW_HEAD_MODES, type RawHeadMode } from './hub/hub-model.js';
export { importFromHub } from './hub/import.js';
export type { ImportOptions, ImportReport } from './imported-checkpoint.js';
export { importFromLingua } from './lingua/import.js';
export { exportToOnnx, type OnnxExportReport, type OnnxExportRequest } from './onnx/export.js';
