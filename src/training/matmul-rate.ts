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
  const products = shapes.map(({ rows, inner, columns }, i) => ({
    a: { name: `a${i}`, dtype: 'f32' as const, shape: [rows, inner] },
    b: { name: `b${i}`, dtype: 'f32' as const, shape: [columns, inner] },
    operations: PRODUCTS * 2 * rows * inner * columns,
  }));
  // One for all shapes: a session may take longer to open than the products take.
  const session = await backend.open(products.flatMap(({ a, b }) => [a, b]));
  let best = 0;
  for (const { a, b, operations } of products) {
    for (const { name, dtype, shape } of [a, b]) {
      const values = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => Math.sin(i));
      const tensor = hostTensor('f32', values, shape);
      await session.writeState([{ name, dtype, globalShape: shape, offset: [0, 0], tensor }]);
    }
    const product = (index: number): Node =>
      matmul(state(a.name, 'f32', a.shape), state(b.name, 'f32', b.shape), { transposeB: true, scale: 1 + index });
    const touched = Array.from({ length: PRODUCTS }, (_, index) => sum(product(index)));
    const outputs = Object.fromEntries(touched.map((node, index) => [`total${index}`, node]));
    const executable = await session.load(makeProgram({ outputs }));
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      const start = performance.now();
      await executable.run([{}]);
      const seconds = (performance.now() - start) / 1000;
      // The first run also allocates.
      if (repetition > 0) best = Math.max(best, operations / seconds);
    }
  }
  await session.dispose();
  return best;
}
