import { describe, expect, it } from 'vitest';
import type { CropWindows } from '../../../src/data/crops.js';
import { cropCount, cutCrops } from '../../../src/evaluation/bpb/crops.js';
import { evaluateBpb } from '../../../src/evaluation/bpb/evaluate.js';
import type { ShownDocument } from '../../../src/evaluation/bpb/representation.js';
import { Scorer } from '../../../src/evaluation/bpb/scorer.js';
import type { Window } from '../../../src/evaluation/bpb/windows.js';
import { BOS, EOS, RAW_OFFSET, RAW_START } from '../../../src/vocabulary/layout.js';
import { shown } from '../shown.js';
import { interpretedSession, parameterValues, tinyModel } from '../tiny-model.js';

const VANILLA = { compression: { mode: 'vanilla' as const, rate: 0 } };
const TEXTS = ['The first text.', 'é', 'a longer one, of more than two windows', 'x', 'eight by'];

async function cropsOf(
  documents: ShownDocument[],
  context: number,
  windows: CropWindows | null = null,
): Promise<Window[]> {
  const crops: Window[] = [];
  for await (const crop of cutCrops(documents, { context, windows })) crops.push(crop);
  return crops;
}

const textOf = (ids: ArrayLike<number>) =>
  Buffer.from(Array.from(ids, (id) => id - RAW_OFFSET).filter((byte) => byte >= 0)).toString();

describe('crops of documents', () => {
  it('begin with what opens the document, and have all of its text once', async () => {
    const documents = await shown(TEXTS, VANILLA);
    const crops = await cropsOf(documents, 8);
    for (const { ids, spans } of crops) {
      expect(ids).toHaveLength(9);
      expect(ids[0]).toBe(BOS);
      expect(spans).toHaveLength(1);
      expect(spans[0]!.from).toBe(0);
    }
    for (const [index, document] of documents.entries()) {
      const own = crops.filter(({ spans }) => spans[0]!.document === document);
      expect(own.map(({ ids }) => textOf(ids.subarray(1))).join('')).toBe(TEXTS[index]);
      expect(own.map(({ spans }) => spans[0]!.completes)).toEqual(own.map((_, i) => i === own.length - 1));
      expect(own).toHaveLength(cropCount(document, { context: 8, windows: null }));
    }
  });

  it('score every symbol after the opening, the last EOS too', async () => {
    const [document] = await shown(['abcdefgh'], VANILLA);
    const crops = await cropsOf([document!], 8);
    expect(crops.map(({ spans: [span] }) => span!.to - span!.from)).toEqual([8, 1]);
    expect(Array.from(crops[1]!.ids.subarray(0, 2))).toEqual([BOS, EOS]);
  });

  it('repeat the sentinel', async () => {
    const crops = await cropsOf(await shown(['abcdefghijkl']), 8);
    expect(crops.map(({ ids }) => Array.from(ids.subarray(0, 2)))).toEqual([
      [BOS, RAW_START],
      [BOS, RAW_START],
    ]);
  });
});

describe('crops at windows', () => {
  /** Windows that end after every space. */
  const words: CropWindows = {
    fingerprint: 'words',
    ends: (bytes) =>
      Uint32Array.from([...bytes].flatMap((byte, i) => (byte === 32 || i + 1 === bytes.length ? [i + 1] : []))),
  };
  const cutAt = async (texts: string[], context: number) => {
    const documents = await shown(texts, VANILLA);
    const crops = await cropsOf(documents, context, words);
    expect(crops).toHaveLength(
      documents.reduce((sum, document) => sum + cropCount(document, { context, windows: words }), 0),
    );
    return crops.map(({ ids, spans: [span] }) => textOf(ids.subarray(1, 1 + span!.to - span!.from)));
  };

  it('end with the last window that they have room for, and have all of the text once', async () => {
    expect(await cutAt(['ab cd ef ghijk l'], 8)).toEqual(['ab cd ', 'ef ', 'ghijk l']);
    expect((await cutAt(TEXTS, 16)).join('')).toBe(TEXTS.join(''));
  });

  it('go on within a window that is longer than a crop', async () => {
    expect(await cutAt(['a bcdefghijklm nop q rs'], 8)).toEqual(['a ', 'bcdefghi', 'jklm ', 'nop q rs', '']);
  });
});

describe('the cost of crops', () => {
  it('is that of each crop by itself, by position and in all', async () => {
    const model = tinyModel();
    const session = interpretedSession(parameterValues(model));
    const scorer = await Scorer.open(session, model, { rows: 3, context: 8, documentMask: false });
    const documents = await shown(TEXTS, VANILLA);
    const { total, positions, windows } = await evaluateBpb({ scorer, documents, stride: 8, crops: true });
    const nats = new Float64Array(8);
    const symbols = new Float64Array(8);
    const crops = await cropsOf(documents, 8);
    for (const crop of crops) {
      const [scores] = await scorer.score([crop]);
      for (let t = 0; t < 8; t++) {
        if (crop.ids[t + 1]! < RAW_OFFSET) continue;
        nats[t]! += scores![t]!;
        symbols[t]!++;
      }
    }
    expect(windows).toBe(crops.length);
    expect(positions!.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { position, symbols: count, bits } of positions!) {
      expect(count).toBe(symbols[position]);
      expect(bits).toBeCloseTo(nats[position]! / symbols[position]! / Math.LN2, 5);
    }
    expect(total.bytes).toBe(Buffer.byteLength(TEXTS.join('')));
    expect(total.nats).toBeCloseTo(
      nats.reduce((a, b) => a + b),
      4,
    );
  });
});
