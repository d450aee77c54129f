import type { Random } from '../support/random/index.js';
import type { CropOptions } from './options.js';
import type { Block } from './symbol-layout.js';

/**
 * Where the crops of a block begin, in random order: indices of its symbols. A block of n symbols has n / `every` crops,
 * rounded up or down by chance, so that every symbol of the data is as likely to begin one as any other.
 */
export function drawCrops({ start, end }: Block, { every }: Pick<CropOptions, 'every'>, random: Random): number[] {
  const count = Math.floor((end - start) / every + random.uniform());
  return Array.from({ length: count }, () => random.integer(end - start));
}
