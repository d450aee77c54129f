import * as g from '../../src/graph/index.js';
import type { Program } from '../../src/graph/program.js';
import type { Values } from '../../src/graph/reference-kernels.js';
import { CASES } from './operation-cases.js';

/** A program with the values of its inputs `x0`, `x1`, …, all f32. */
export interface ProgramCase {
  name: string;
  program: Program;
  values: Values[];
}

/** Each operation with the gradients of all its arguments. */
export function operationPrograms(): ProgramCase[] {
  return Object.entries(CASES).flatMap(([op, cases]) =>
    (cases === 'no gradient' ? [] : cases).map(({ arguments: values, build }, index) => {
      const inputs = values.map(({ shape }, position) => g.input(`x${position}`, 'f32', shape));
      const result = build(inputs);
      const loss = g.sum(g.multiply(result, g.sin(result)));
      const gradients = g.gradients(loss, inputs).map((dx, position) => [`dx${position}`, dx] as const);
      const program = g.makeProgram({ outputs: { result, ...Object.fromEntries(gradients) } });
      return { name: `${op} ${index}`, program, values };
    }),
  );
}
