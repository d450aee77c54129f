import { describe, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import type { Node } from '../../src/graph/node.js';
import { makeProgram } from '../../src/graph/program.js';
import type { Values } from '../../src/graph/reference-kernels.js';
import { CASES, tensor } from './operation-cases.js';

/** A scalar that depends differently on every element of x. */
function weighted(x: Node): Node {
  return g.sum(
    g.multiply(
      x,
      g.constant(g.hostTensor('f32', tensor([...x.shape], (i) => Math.cos(0.9 * i + 1)).data, [...x.shape])),
    ),
  );
}

describe('gradients agree with central finite differences', () => {
  for (const [op, cases] of Object.entries(CASES)) {
    if (cases === 'no gradient') continue;
    it.each(cases.map((one, index) => [`${op} ${index + 1}`, one] as const))(
      '%s',
      (_, { arguments: values, build }) => {
        const inputs = values.map(({ shape }, index) => g.input(`x${index}`, 'f32', shape));
        const loss = weighted(build(inputs));
        const outputs = Object.fromEntries(g.gradients(loss, inputs).map((node, index) => [`dx${index}`, node]));
        const program = makeProgram({ outputs: { ...outputs, loss } });
        const evaluate = (at: Values[]) =>
          g.interpret(program, Object.fromEntries(at.map((value, index) => [`x${index}`, value]))).outputs;
        const analytic = evaluate(values);
        const h = 1e-5;
        values.forEach((value, index) => {
          const gradient = analytic[`dx${index}`]!;
          expect(gradient.shape).toEqual(value.shape);
          value.data.forEach((_, element) => {
            const moved = (by: number) => {
              const data = value.data.slice();
              data[element]! += by;
              return evaluate(values.map((other, i) => (i === index ? { ...value, data } : other))).loss!.data[0]!;
            };
            expect(gradient.data[element]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 6);
          });
        });
      },
    );
  }
});

describe('gradients', () => {
  it('flow through an intermediate node that is asked for as well', () => {
    const x = g.input('x', 'f32', [2]);
    const y = g.multiply(x, x);
    const [dx, dy] = g.gradients(g.sum(g.exp(y)), [x, y]);
    const { outputs } = g.interpret(makeProgram({ outputs: { dx: dx!, dy: dy! } }), { x: tensor([2], (i) => i) });
    expect([...outputs.dy!.data]).toEqual([1, Math.E]);
    expect([...outputs.dx!.data]).toEqual([0, 2 * Math.E]);
  });

  it('are zero for what does not influence the loss', () => {
    const [x, unused] = [g.input('x', 'f32', [2]), g.input('unused', 'f32', [3])];
    const [, zero] = g.gradients(g.sum(x), [x, unused]);
    expect([...g.interpret(makeProgram({ outputs: { zero: zero! } }), {}).outputs.zero!.data]).toEqual([0, 0, 0]);
  });

  it('are refused for a loss that is not one number', () => {
    const x = g.input('x', 'f32', [2]);
    expect(() => g.gradients(x, [x])).toThrow('the loss must be one number, not [2]');
  });
});
