import type { Scan } from '../splitter.js';
import { CL100K_PATTERN, cl100kScan, LLAMA3_PATTERN, QWEN2_PATTERN } from './cl100k.js';
import { DEEPSEEK_PATTERN, deepSeekScan } from './deepseek.js';
import { GPT2_PATTERN, gpt2Scan } from './gpt2.js';
import { O200K_PATTERN, o200kScan } from './o200k.js';

/**
 * Functions that find the matches of the best-known patterns several times faster than a regular expression. Every one
 * of them cuts all of a text into matches, without gaps; the tests hold them against the pattern itself.
 */
export const SCANNERS: ReadonlyMap<string, () => Scan> = new Map([
  [GPT2_PATTERN, gpt2Scan],
  [LLAMA3_PATTERN, () => cl100kScan(3)],
  [CL100K_PATTERN, () => cl100kScan(3)],
  [QWEN2_PATTERN, () => cl100kScan(1)],
  [O200K_PATTERN, o200kScan],
  [DEEPSEEK_PATTERN, deepSeekScan],
]);
