import { resolveCodebook } from '../neural-coding/artifacts.js';
import { readCodebook } from '../neural-coding/codebook-file.js';
import { parserOf } from '../neural-coding/phrase-counts.js';
import type { Random } from '../support/random/index.js';
import { type CropOptions, RANDOM_STARTS } from './options.js';
import type { Block } from './symbol-layout.js';

/** How the windows of a codebook lie in bytes, for crops that begin where its windows do. */
export interface CropWindows {
  /** Of the codebook. */
  fingerprint: string;
  /** Where the windows and literals of some bytes end, ascending; each begins where the one before it ends. */
  ends(bytes: Uint8Array): Uint32Array;
}

/**
 * @param codebook name of a shipped one, or a path
 * @throws CodebookError if there is none, or it is damaged
 */
export async function openCropWindows(codebook: string): Promise<CropWindows> {
  const content = await readCodebook(resolveCodebook(codebook));
  const parser = parserOf(content);
  return { fingerprint: content.fingerprint, ends: (bytes) => parser.windowEnds(bytes) };
}

/** The windows at which the crops of training begin; null: they begin anywhere. @throws CodebookError as `openCropWindows` */
export async function trainingCropWindows(crop: CropOptions | null): Promise<CropWindows | null> {
  return crop === null || crop.starts === RANDOM_STARTS ? null : openCropWindows(crop.starts);
}

/**
 * Where the crops of a block begin, in random order: indices of its symbols. A block of n places has n / `every` crops,
 * rounded up or down by chance, so that every place of the data is as likely to begin one as any other. Places are the
 * block's symbols, or the windows that end at `windowEnds`.
 */
export function drawCrops(
  { start, end }: Block,
  { every }: Pick<CropOptions, 'every'>,
  random: Random,
  windowEnds: Uint32Array | null = null,
): number[] {
  const places = windowEnds?.length ?? end - start;
  const count = Math.floor(places / every + random.uniform());
  return Array.from({ length: count }, () => {
    const place = random.integer(places);
    if (windowEnds === null) return place;
    return place === 0 ? 0 : windowEnds[place - 1]!;
  });
}
