import { hostTensor, makeProgram, matmul, type Node, state, sum } from '../graph/index.js';
import type { Backend } from '../plugins/contracts.js';

/** A matrix product of a model: [rows, inner] × [inner, columns]. */
export interface ProductShape {
  rows: number;
  inner: number;
  columns: number;
}

/** Runs of each product; the fastest counts. */
const REPETITIONS = 5;
/** Products in one run, so that the call costs little beside them. */
const PRODUCTS = 4;

/**
 * The best rate at which the backend multiplies matrices of the given shapes, in floating-point operations a second.
 * A model cannot train faster than its products, so its share of this rate says how much time goes elsewhere.
 */
export async function measureMatmulRate(backend: Backend, shapes: readonly ProductShape[]): Promise<number> {
  let best = 0;
  for (const { rows, inner, columns } of shapes) {
    const a = { name: 'a', dtype: 'f32' as const, shape: [rows, inner] };
    const b = { name: 'b', dtype: 'f32' as const, shape: [columns, inner] };
    const session = await backend.open([a, b]);
    const fill = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    for (const { name, dtype, shape } of [a, b])
      await session.writeState([
        {
          name,
          dtype,
          globalShape: shape,
          offset: [0, 0],
          tensor: hostTensor('f32', fill(shape[0]! * shape[1]!), shape),
        },
      ]);
    const product = (index: number): Node =>
      matmul(state('a', 'f32', a.shape), state('b', 'f32', b.shape), { transposeB: true, scale: 1 + index });
    const touched = Array.from({ length: PRODUCTS }, (_, index) => sum(product(index)));
    const outputs = Object.fromEntries(touched.map((node, index) => [`total${index}`, node]));
    const executable = await session.load(makeProgram({ outputs }));
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const start = performance.now();
      await executable.run([{}]);
      const seconds = (performance.now() - start) / 1000;
      // The first run also allocates.
      if (repetition > 0) best = Math.max(best, (PRODUCTS * 2 * rows * inner * columns) / seconds);
    }
    await session.dispose();
  }
  return best;
}
