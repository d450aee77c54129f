export { Quickstart } from './quickstart.js';
export type { ModelResult, QuickstartResults } from './results.js';
