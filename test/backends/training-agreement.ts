import { beforeAll, describe, expect, it } from 'vitest';
import { float32Values } from '../../src/graph/index.js';
import type { Backend } from '../../src/plugins/contracts.js';
import { SMALL_MODELS, type Steps, trainSmall } from './small-models.js';

/** An engine trains small models as another one does: a step of each, and the losses of 200. */
export function describeTraining(engines: () => { reference: Backend; tried: Backend }): void {
  describe.each(['EvaByte', 'OpenCoder'] as const)('a step of %s', (name) => {
    it('changes parameters and moments as on the CPU', async () => {
      const { reference, tried } = engines();
      const [theirs, ours] = [
        await trainSmall(reference, SMALL_MODELS[name], 1),
        await trainSmall(tried, SMALL_MODELS[name], 1),
      ];
      expect(ours.losses[0]).toBeCloseTo(theirs.losses[0]!, 5);
      expect(ours.gradientNorms[0]).toBeCloseTo(theirs.gradientNorms[0]!, 5);
      // Moments are the gradient, and its square, up to a factor. Parameters move by its sign, however small it is.
      for (const [entry, tensor] of theirs.state)
        if (entry.startsWith('adam.m.'))
          expect(difference(float32Values(ours.state.get(entry)!), float32Values(tensor)), entry).toBeLessThan(2e-4);
    });
  });

  describe('200 steps', () => {
    let [theirs, ours]: Steps[] = [];
    beforeAll(async () => {
      const { reference, tried } = engines();
      theirs = await trainSmall(reference, SMALL_MODELS.EvaByte, 200);
      ours = await trainSmall(tried, SMALL_MODELS.EvaByte, 200);
    }, 300_000);

    it('have the losses of the CPU', () => {
      expect(theirs!.losses.at(-1)).toBeLessThan(0.5 * theirs!.losses[0]!);
      const gaps = theirs!.losses.map((loss, step) => Math.abs(loss - ours!.losses[step]!));
      expect(Math.max(...gaps)).toBeLessThan(5e-3);
    });
  });
}

/** Largest difference of two tensors, relative to the largest element. */
function difference(a: Float32Array, b: Float32Array): number {
  const size = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / size;
}
