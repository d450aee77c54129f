import { elementCount } from '../graph/index.js';
import type { LanguageModel } from '../models/index.js';
import type { StateSlice } from '../plugins/contracts.js';
import { Random } from '../support/random/index.js';

/** Separates the draws of initialisation from all others of the same seed. */
const INITIALISATION = 0x1217;

/**
 * First values of all parameters, one at a time. Each has a generator of its own, seeded by its place, so that what one
 * draws does not depend on the others.
 */
export function* initialParameters(model: LanguageModel, seed: number): Generator<StateSlice> {
  for (const [index, { name, shape, init }] of model.parameters.entries()) {
    const values = new Float32Array(elementCount(shape));
    if ('value' in init) values.fill(init.value);
    else Random.fromSeed(seed, INITIALISATION, index).fillTruncatedNormal(values, init.std, init.cutoff);
    const tensor = { dtype: 'f32' as const, shape, bytes: new Uint8Array(values.buffer) };
    yield { name, dtype: 'f32', globalShape: shape, offset: shape.map(() => 0), tensor };
  }
}
