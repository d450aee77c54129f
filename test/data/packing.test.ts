import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequencePacker } from '../../src/data/packing.js';

interface PackingGolden {
  seq_len: number;
  n_views: number;
  documents: number[][];
  sequences: number[][][];
}
const goldens: { packing: PackingGolden[] } = JSON.parse(
  readFileSync(new URL('../fixtures/data_pipeline.json', import.meta.url), 'utf8'),
);

function pack(documents: number[][], sequenceLength: number, views: number): number[][] {
  const packer = new SequencePacker(sequenceLength, views);
  const sequences: number[][] = [];
  for (const document of documents) {
    const ids = Int32Array.from(document);
    for (let at = 0; at < ids.length; ) {
      at = packer.append(ids, at);
      if (packer.isFull) {
        const sequence = new Int32Array(sequenceLength + views - 1);
        packer.take(sequence);
        sequences.push(Array.from(sequence));
      }
    }
  }
  return sequences;
}

/** The sliding windows of width `views`, as the goldens have them. */
const windows = (sequence: number[], views: number) =>
  Array.from({ length: sequence.length - views + 1 }, (_, i) => sequence.slice(i, i + views));

describe('SequencePacker', () => {
  it.each(goldens.packing.map((golden) => [golden.seq_len, golden.n_views, golden] as const))(
    'packs as the reference does: N = %i, %i views',
    (sequenceLength, views, { documents, sequences }) => {
      const packed = pack(documents, sequenceLength, views).map((sequence) => windows(sequence, views));
      expect(packed.slice(0, sequences.length)).toEqual(sequences);
    },
  );

  it('loses no symbol and repeats only the views − 1 that sequences share', () => {
    const documents = fc.array(fc.array(fc.nat(1000), { maxLength: 30 }), { maxLength: 30 });
    fc.assert(
      fc.property(
        documents,
        fc.integer({ min: 4, max: 16 }),
        fc.integer({ min: 1, max: 9 }),
        (texts, length, views) => {
          const packed = pack(texts, length, views);
          const inputs = packed.flatMap((sequence) => sequence.slice(0, length));
          expect(inputs).toEqual(texts.flat().slice(0, inputs.length));
          for (const [i, sequence] of packed.slice(1).entries()) {
            expect(sequence.slice(0, views - 1)).toEqual(packed[i]!.slice(length));
          }
        },
      ),
    );
  });

  it('goes on from the symbols that were pending', () => {
    const first = new SequencePacker(4, 3);
    first.append(Int32Array.of(1, 2, 3, 4, 5, 6));
    first.take(new Int32Array(6));
    const second = new SequencePacker(4, 3);
    second.restore(first.pending());
    second.append(Int32Array.of(7, 8, 9, 10));
    const sequence = new Int32Array(6);
    second.take(sequence);
    expect(Array.from(sequence)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('refuses to hand out a sequence that is not full', () => {
    expect(() => new SequencePacker(4, 2).take(new Int32Array(5))).toThrow(RangeError);
  });
});
