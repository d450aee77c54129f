export type { RandomState } from './pcg64.js';
export { cumulativeWeights, Random } from './random.js';
