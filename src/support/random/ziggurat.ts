import { naturalLog } from './natural-log.js';
import type { Words } from './xoshiro128.js';

/**
 * The standard normal distribution by the ziggurat method (G. Marsaglia and W. W. Tsang, 2000): the density
 * f(x) = exp(−x²/2) is covered by 256 horizontal layers of equal area; 99 % of the draws cost one 32-bit word, one
 * multiplication and one comparison. The layer and the position within it come from different bits of the word
 * (J. A. Doornik, 2005). Every operation is exactly rounded, so the values are the same on every platform.
 */
const LAYERS = 256;
/** Where the tail begins, and the area of every layer (of the lowest: with the tail). */
const TAIL_START = 3.6541528853610088;
const TAIL_HEIGHT = 0.001260285930498598;
const LAYER_AREA = 0.004928673233974658;
/** Positions within a layer: signed, 24 bits. */
const HALF_POSITIONS = 2 ** 23;

/** Half-width of every layer from the lowest up, then 0; the density at each. The lowest is widened to hold the tail. */
const edges = new Float64Array(LAYERS + 1);
const heights = new Float64Array(LAYERS + 1);
edges[0] = LAYER_AREA / TAIL_HEIGHT;
edges[1] = TAIL_START;
heights[1] = TAIL_HEIGHT;
for (let layer = 1; layer < LAYERS - 1; layer++) {
  const height = heights[layer]! + LAYER_AREA / edges[layer]!;
  heights[layer + 1] = height;
  edges[layer + 1] = Math.sqrt(-2 * naturalLog(height));
}
heights[LAYERS] = 1;
const scales = edges.map((edge) => edge / HALF_POSITIONS);

/** One standard normal value. */
export function standardNormal(words: Words): number {
  for (;;) {
    const word = words.nextInt32();
    const layer = word & (LAYERS - 1);
    const x = ((word >> 8) + 0.5) * scales[layer]!;
    const distance = x < 0 ? -x : x;
    if (distance < edges[layer + 1]!) return x;
    if (layer === 0) return x < 0 ? -tail(words) : tail(words);
    const height = heights[layer]! + openUniform(words) * (heights[layer + 1]! - heights[layer]!);
    if (-2 * naturalLog(height) > x * x) return x;
  }
}

/** A value beyond TAIL_START with density proportional to f (G. Marsaglia, 1964). */
function tail(words: Words): number {
  for (;;) {
    const beyond = -naturalLog(openUniform(words)) / TAIL_START;
    if (-2 * naturalLog(openUniform(words)) > beyond * beyond) return TAIL_START + beyond;
  }
}

/** Uniform in (0, 1), never either end. */
function openUniform(words: Words): number {
  return ((words.nextInt32() >>> 0) + 0.5) * 2 ** -32;
}
