import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTorchArchive } from '../../src/conversion/lingua/torch-archive.js';
import { elementCount } from '../../src/graph/index.js';
import { PcError } from '../../src/support/errors.js';
import { Random } from '../../src/support/random/index.js';

/**
 * Opens copies of an archive with some bytes changed, mostly where its structure is written, and reads all tensors of
 * those that open.
 *
 * @throws what is no typed error, or an error of its own for a tensor that has not as many values as its shape
 */
export async function readMutated(archive: Buffer, copies: number, directory: string): Promise<{ refused: number }> {
  const random = Random.fromSeed(5);
  const file = join(directory, 'mutated.pth');
  // The directory stands at the end, the pickle at the beginning.
  const places = [
    () => random.integer(archive.length),
    () => random.integer(Math.min(2500, archive.length)),
    () => archive.length - 1 - random.integer(Math.min(2000, archive.length)),
  ];
  let refused = 0;
  for (let copy = 0; copy < copies; copy++) {
    const mutated = Buffer.from(archive);
    const place = places[copy % places.length]!;
    for (let change = 0; change <= random.integer(4); change++)
      mutated[place()] = random.uniform() < 0.3 ? 0xff : random.integer(256);
    writeFileSync(file, random.uniform() < 0.1 ? mutated.subarray(0, random.integer(mutated.length)) : mutated);
    try {
      const source = await openTorchArchive(file);
      try {
        for (const [name, shape] of source.shapes) {
          let values = 0;
          for await (const piece of source.pieces(name)) values += piece.length;
          if (values !== elementCount(shape)) throw new Error(`${name} is not of its shape`);
        }
      } finally {
        await source.close();
      }
    } catch (error) {
      if (!(error instanceof PcError)) throw error;
      refused++;
    }
  }
  return { refused };
}
