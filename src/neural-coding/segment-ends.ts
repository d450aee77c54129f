import { CompressorError } from '../support/errors.js';

/**
 * Holds boundaries, which may come from a file, to what a segmenter promises.
 *
 * @throws CompressorError unless they ascend and the last, where there are bytes, is their number
 */
export function checkSegmentEnds(ends: Uint32Array, length: number): void {
  let start = 0;
  for (const end of ends) {
    if (end < start || end > length) refuse(length, `one ends at ${end} behind ${start}`);
    start = end;
  }
  if (start !== length) refuse(length, `the last ends at ${start}`);
}

function refuse(length: number, why: string): never {
  throw new CompressorError(`segments do not make up ${length} bytes: ${why}`, {
    hint: 'The boundaries belong to another document, or are damaged.',
  });
}
