import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, saveCheckpoint, type TensorSlice } from '../../src/checkpoints/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { collect, smallContent, wholeTensor } from './state.js';

describe('shards', () => {
  it('stay below the limit; larger tensors are cut by rows, and put together again by their offsets', async () => {
    const values = Float32Array.from({ length: 50 * 8 }, (_, index) => index);
    const slices = [wholeTensor('large', [50, 8], values), wholeTensor('small', [3], [1, 2, 3])];
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, smallContent(1, { slices, maxShardBytes: 500 }));
    const checkpoint = await openCheckpoint(path);
    const parts = await collect(checkpoint.tensors(['large']));
    expect(parts.length).toBe(4); // 15 rows of 32 bytes are the most below 500 bytes
    const joined = new Float32Array(50 * 8);
    for (const { offset, tensor, globalShape } of parts) {
      expect(globalShape).toEqual([50, 8]);
      joined.set(new Float32Array(tensor.bytes.buffer), offset[0]! * 8);
    }
    expect(joined).toEqual(values);
    expect(checkpoint.specs).toEqual([
      { name: 'large', dtype: 'f32', shape: [50, 8], group: 'model' },
      { name: 'small', dtype: 'f32', shape: [3], group: 'model' },
    ]);
  });

  it('hold slices of any partition of a tensor', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(5),
        fc.nat(5),
        async (rows, columns, rowCut, columnCut) => {
          const cuts = (size: number, cut: number) => (cut > 0 && cut < size ? [0, cut, size] : [0, size]);
          const slices: TensorSlice[] = [];
          const [r, c] = [cuts(rows, rowCut), cuts(columns, columnCut)];
          for (let i = 0; i + 1 < r.length; i++) {
            for (let j = 0; j + 1 < c.length; j++) {
              const shape = [r[i + 1]! - r[i]!, c[j + 1]! - c[j]!];
              const part = wholeTensor('matrix', shape, new Float32Array(shape[0]! * shape[1]!).fill(i + 2 * j));
              slices.push({ ...part, globalShape: [rows, columns], offset: [r[i]!, c[j]!] });
            }
          }
          const path = await saveCheckpoint(temporaryDirectory(), smallContent(1, { slices }));
          expect(await collect((await openCheckpoint(path)).tensors())).toEqual(slices);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('begin anew when a header would outgrow its space', async () => {
    const slices = Array.from({ length: 600 }, (_, index) => wholeTensor(`${'n'.repeat(200)}.${index}`, [1], [index]));
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1, { slices }));
    expect(readdirSync(path).filter((name) => name.startsWith('model-')).length).toBeGreaterThan(1);
    expect(await collect((await openCheckpoint(path)).tensors())).toEqual(slices);
  });

  it.each([
    ['missing', [wholeTensor('m', [2, 2], [1, 2, 3, 4])].map((s) => ({ ...s, globalShape: [3, 2] })), /part of m/],
    ['twice', [wholeTensor('m', [1], [1]), wholeTensor('m', [1], [1])], /m is written twice/],
    ['short', [{ ...wholeTensor('m', [2], [1, 2]), tensor: wholeTensor('m', [1], [1]).tensor }], /part of m/],
  ])('are refused when a part is %s', async (_, slices, reason) => {
    const run = temporaryDirectory();
    await expect(saveCheckpoint(run, smallContent(1, { slices }))).rejects.toThrow(reason);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });

  it('are refused for a tensor whose name no object of checksums can hold', async () => {
    const slices = [wholeTensor('__proto__', [1], [1])];
    await expect(saveCheckpoint(temporaryDirectory(), smallContent(1, { slices }))).rejects.toThrow(
      /reserved.*__proto__/,
    );
  });
});
