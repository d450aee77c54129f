import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import type { Node } from '../../src/graph/node.js';
import { makeProgram, type Program } from '../../src/graph/program.js';
import { tensorOf, type Values, valuesOf } from '../../src/graph/reference-kernels.js';
import type { Session } from '../../src/plugins/contracts.js';
import { ProgramError } from '../../src/support/errors.js';
import { CASES } from '../graph/operation-cases.js';

/** Every backend runs this suite: each operation forward and backward, and random programs, against the interpreter. */
export function describeParity(open: () => Promise<Session>, tolerance: number): void {
  describe.concurrent('agrees with the reference interpreter', () => {
    it('on every operation and its gradient', async () => {
      const session = await open();
      for (const [op, cases] of Object.entries(CASES))
        for (const { arguments: values, build } of cases === 'no gradient' ? [] : cases) {
          const inputs = values.map(({ shape }, index) => g.input(`x${index}`, 'f32', shape));
          const result = build(inputs);
          const loss = g.sum(g.multiply(result, g.sin(result)));
          const outputs = { result, ...Object.fromEntries(g.gradients(loss, inputs).map((dx, i) => [`dx${i}`, dx])) };
          await expectAgreement(session, op, makeProgram({ outputs }), values, tolerance);
        }
      await session.dispose();
    });

    it('on operations over integers and booleans', async () => {
      const session = await open();
      const [a, b] = [g.input('x0', 'f32', [2, 3]), g.input('x1', 'f32', [3])];
      const [m, n] = [g.cast(g.multiply(a, g.scalar(4)), 'i32'), g.iota([2, 3], 1)];
      const outputs = {
        less: g.less(a, b),
        equal: g.equal(m, n),
        logic: g.or(g.and(g.less(a, b), g.equal(m, m)), g.not(g.less(m, n))),
        toFloat: g.cast(g.less(m, n), 'f32'),
        arithmetic: g.subtract(g.add(g.multiply(m, n), g.maximum(m, n)), g.minimum(m, n)),
        chosen: g.select(g.less(m, n), m, n),
        reduced: g.add(g.sum(m, [1]), g.max(n, [1])),
        shaped: g.pad(g.concat([g.transpose(m, [1, 0]), g.slice(g.transpose(n, [1, 0]), 0, 1, 2)], 0), 1, 1, 2),
        written: g.updateSlice(g.iota([4, 3], 0), m, g.integer(1), 0),
        ordered: g.after(g.sum(a), b),
        orderedScalar: g.after(g.reshape(g.sum(a), []), b),
      };
      const values = [tensor([2, 3]), tensor([3])];
      await expectAgreement(session, 'integers', makeProgram({ outputs }), values, tolerance);
      await session.dispose();
    });

    it('on random programs', async () => {
      const session = await open();
      await fc.assert(
        fc.asyncProperty(randomProgram, async ({ program, values }) => {
          await expectAgreement(session, 'random program', program, values, tolerance);
        }),
        { numRuns: 60 },
      );
      await session.dispose();
    });
  });
}

const tensor = (shape: number[]): Values => ({
  dtype: 'f32',
  shape,
  data: Float64Array.from({ length: g.elementCount(shape) }, (_, i) => Math.fround(Math.cos(2.3 * i + shape.length))),
});

async function expectAgreement(session: Session, what: string, program: Program, values: Values[], tolerance: number) {
  const bindings = Object.fromEntries(values.map((value, index) => [`x${index}`, valuesOf(tensorOf(value))]));
  const expected = g.interpret(program, bindings).outputs;
  const executable = await session.load(program);
  const [actual] = await executable.run([
    Object.fromEntries(values.map((value, index) => [`x${index}`, tensorOf(value)])),
  ]);
  await executable.dispose();
  for (const [name, reference] of Object.entries(expected)) {
    const { dtype, shape, data } = valuesOf(actual![name]!);
    expect({ what, name, dtype, shape }).toEqual({ what, name, dtype: reference.dtype, shape: [...reference.shape] });
    const size = Math.max(1, ...reference.data.map(Math.abs));
    const error = Math.max(0, ...data.map((value, i) => Math.abs(value - reference.data[i]!) / size));
    expect(error, `${what}: ${name}`).toBeLessThanOrEqual(tolerance);
  }
}

/** Grows a program of f32 nodes: each step applies one operation to nodes made before, where shapes allow it. */
const GROWTH: readonly ((pool: readonly Node[], pick: (count: number) => number) => Node | undefined)[] = [
  (pool, pick) =>
    [g.negate, g.sigmoid, g.sin, g.cos, g.silu, g.softmax, (x: Node) => g.exp(g.sin(x))][pick(7)]!(
      withAxis(pool, pick),
    ),
  (pool, pick) => {
    const x = withAxis(pool, pick);
    const y = g.sum(x, [pick(x.shape.length)]);
    return [g.add, g.subtract, g.multiply, g.maximum, g.minimum][pick(5)]!(x, y);
  },
  (pool, pick) => {
    const [x, y] = [matrix(withAxis(pool, pick)), matrix(withAxis(pool, pick))];
    return g.matmul(x, y, { transposeA: true, scale: 0.1 + pick(5) / 3 });
  },
  (pool, pick) => {
    const x = withAxis(pool, pick);
    const axis = pick(x.shape.length);
    const start = pick(x.shape[axis]!);
    const part = g.slice(x, axis, start, 1 + pick(x.shape[axis]! - start));
    return pick(2) ? part : g.concat([part, part, x], axis);
  },
  (pool, pick) => {
    const x = withAxis(pool, pick);
    return g.elementCount(x.shape) < 500 ? g.pad(x, pick(x.shape.length), pick(3), pick(3)) : undefined;
  },
  (pool, pick) => {
    const x = withAxis(pool, pick);
    return g.transpose(
      x,
      x.shape.map((_, axis) => (axis + 1) % x.shape.length),
    );
  },
  (pool, pick) => matrix(withAxis(pool, pick)),
  (pool, pick) => {
    const x = withAxis(pool, pick);
    return g.select(g.less(x, g.scalar(0.2)), x, g.multiply(x, g.scalar(0.5)));
  },
  (pool, pick) => g.after(withAxis(pool, pick), withAxis(pool, pick)),
];

const withAxis = (pool: readonly Node[], pick: (count: number) => number) => pool[pick(pool.length)]!;
const matrix = (x: Node) => g.reshape(x, [x.shape[0]!, g.elementCount(x.shape.slice(1))]);

const randomProgram = fc
  .record({
    shapes: fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    }),
    steps: fc.array(fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 12 }),
  })
  .map(({ shapes, steps }) => {
    const inputs = shapes.map((shape, index) => g.input(`x${index}`, 'f32', shape));
    const pool: Node[] = [...inputs];
    for (const numbers of steps) {
      let next = 0;
      const pick = (count: number) => numbers[next++ % numbers.length]! % count;
      try {
        const node = GROWTH[pick(GROWTH.length)]!(pool, pick);
        if (node && g.elementCount(node.shape) < 2000) pool.push(node);
      } catch (error) {
        if (!(error instanceof ProgramError)) throw error; // shapes that do not fit: the step is left out
      }
    }
    const result = pool.at(-1)!;
    const gradients = g.gradients(g.sum(g.sin(result)), inputs).map((dx, index) => [`dx${index}`, dx] as const);
    return {
      program: makeProgram({ outputs: { result, ...Object.fromEntries(gradients) } }),
      values: shapes.map(tensor),
    };
  });
