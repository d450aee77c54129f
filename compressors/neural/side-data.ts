import type { Encoded } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';
import { VarintReader, VarintWriter } from '../../src/support/varints.js';

/*
 * Boundaries that a float model drew are stored beside the codes: on another machine it might draw them elsewhere. Side
 * data then are the number of segments, the length of each, and what decoding needs, if anything.
 */

/** Puts the ends of a document's segments in front of its side data. */
export function joinSide({ symbols, side }: Encoded, ends: Uint32Array): Encoded {
  const writer = new VarintWriter();
  writer.push(ends.length);
  let start = 0;
  for (const end of ends) {
    writer.push(end - start);
    start = end;
  }
  const boundaries = writer.take();
  const joined = new Uint8Array(boundaries.length + (side?.length ?? 0));
  joined.set(boundaries);
  if (side !== undefined) joined.set(side, boundaries.length);
  return { symbols, side: joined };
}

/** @throws CompressorError if there are no boundaries in front */
export function splitSide({ symbols, side = new Uint8Array() }: Encoded): { coded: Encoded; ends: Uint32Array } {
  const reader = new VarintReader(side);
  const count = reader.next();
  const ends: number[] = [];
  let end = 0;
  for (let segment = 0; segment < (count ?? 0); segment++) {
    const length = reader.next();
    if (length === undefined) break;
    end += length;
    ends.push(end);
  }
  if (count === undefined || ends.length < count) throw refuseBoundaries('are missing');
  const rest = side.subarray(reader.position);
  return { coded: rest.length === 0 ? { symbols } : { symbols, side: rest }, ends: Uint32Array.from(ends) };
}

export function refuseBoundaries(what: string): CompressorError {
  return new CompressorError(`the boundaries of the segments ${what}`, {
    hint: 'Codes of segmentation entropy are decoded with the side data that were written with them.',
  });
}
