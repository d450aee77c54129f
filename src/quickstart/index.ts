export {
  DEFAULT_MINUTES,
  Quickstart,
  type QuickstartRequest,
  type QuickstartStage,
  type StageWatch,
} from './quickstart.js';
export type { ModelResult, QuickstartResults } from './results.js';
