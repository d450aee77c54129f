import { describe, expect, it } from 'vitest';
import { float32Values, int32Values } from '../../src/graph/index.js';
import { buildInputs, multibyteWeights, numberDocuments } from '../../src/models/inputs.js';
import { BOS, COMPRESSED_START, EOS } from '../../src/vocabulary/layout.js';

const raw = 64;
const compressed = 320;

describe('inputs of a micro-batch', () => {
  it('are the first N symbols of each row, and as labels the row moved by one, two, … symbols', () => {
    const inputs = buildInputs(
      { rows: 2, sequenceLength: 3, views: 3, documentMask: false, multibyteWeights: null },
      Int32Array.of(70, 71, 72, 73, 74, 80, 81, 82, 83, 84),
    );
    expect(Object.keys(inputs)).toEqual(['ids', 'labels']);
    expect([...int32Values(inputs.ids!)]).toEqual([70, 71, 72, 80, 81, 82]);
    expect(inputs.labels!.shape).toEqual([2, 3, 2]);
    expect([...int32Values(inputs.labels!)]).toEqual([71, 72, 72, 73, 73, 74, 81, 82, 82, 83, 83, 84]);
  });
});

describe('documents and positions', () => {
  it('number documents from one, give zero to separators, and count from after each', () => {
    const { documents, positions } = numberDocuments(Int32Array.of(raw, EOS, BOS, raw, raw, EOS, EOS, BOS), 1, 8);
    expect([...documents]).toEqual([1, 0, 2, 2, 2, 0, 0, 3]);
    expect([...positions]).toEqual([0, 1, 0, 1, 2, 3, 0, 0]);
  });

  it('begin anew in every row', () => {
    const { documents, positions } = numberDocuments(Int32Array.of(raw, EOS, raw, raw), 2, 2);
    expect([...documents]).toEqual([1, 0, 1, 1]);
    expect([...positions]).toEqual([0, 1, 0, 1]);
  });
});

describe('weights of predictions', () => {
  const weights = (id: number, labels: number[], compressedWeight: number | null = null) => {
    const options = { heads: labels.length, disableCrossBytePrediction: true, compressedWeight };
    return [...multibyteWeights(Int32Array.of(id), Int32Array.from(labels), labels.length, options)];
  };

  it('share one between the heads', () => {
    expect(weights(raw, [raw, raw, raw, raw])).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('stop before a symbol that nothing announces', () => {
    expect(weights(raw, [raw, EOS, BOS, raw])).toEqual([0.5, 0.5, 0, 0]);
    expect(weights(EOS, [BOS, raw])).toEqual([0, 0]);
    expect(weights(raw, [raw, COMPRESSED_START])).toEqual([1, 0]);
  });

  it('do not look from raw bytes into compressed symbols', () => {
    expect(weights(raw, [raw, compressed, compressed])).toEqual([1, 0, 0]);
    expect(weights(compressed, [raw, compressed])).toEqual([0.5, 0.5]);
  });

  it('decay over the heads and count less where compressed symbols are predicted', () => {
    const [first, second] = weights(compressed, [compressed, compressed], 0.5);
    expect(second! / first!).toBeCloseTo(0.75);
    expect(first! + second!).toBeCloseTo(0.5);
  });

  it('are an input of their own, one for each head', () => {
    const options = { heads: 2, disableCrossBytePrediction: false, compressedWeight: null };
    const spec = { rows: 1, sequenceLength: 1, views: 3, documentMask: true, multibyteWeights: options };
    const inputs = buildInputs(spec, Int32Array.of(raw, raw, raw));
    expect(inputs.weights!.shape).toEqual([1, 1, 2]);
    expect([...float32Values(inputs.weights!)]).toEqual([0.5, 0.5]);
  });
});
