import * as g from '../../src/graph/index.js';
import type { Program } from '../../src/graph/program.js';
import type { Values } from '../../src/graph/reference-kernels.js';
import { CASES } from './operation-cases.js';

/** A program with the values of its inputs, by name; all f32. */
export interface ProgramCase {
  name: string;
  program: Program;
  values: Record<string, Values>;
}

/** Each operation with the gradients of all its arguments. */
export function operationPrograms(): ProgramCase[] {
  return operationGraphs().map(({ name, outputs, values }) => ({ name, program: g.makeProgram({ outputs }), values }));
}

/** All operations and their gradients as one program, for engines that take long to prepare one. */
export function programOfAllOperations(): ProgramCase {
  const graphs = operationGraphs();
  const outputs = Object.assign({}, ...graphs.map(({ outputs }) => outputs));
  const values = Object.assign({}, ...graphs.map(({ values }) => values));
  return { name: 'all operations', program: g.makeProgram({ outputs }), values };
}

function operationGraphs() {
  return Object.entries(CASES).flatMap(([op, cases]) =>
    (cases === 'no gradient' ? [] : cases).map(({ arguments: values, build }, index) => {
      const name = `${op} ${index}`;
      const inputs = values.map(({ shape }, position) => g.input(`${name} x${position}`, 'f32', shape));
      const result = build(inputs);
      const loss = g.sum(g.multiply(result, g.sin(result)));
      const gradients = g.gradients(loss, inputs).map((dx, position) => [`${name} dx${position}`, dx] as const);
      return {
        name,
        outputs: { [name]: result, ...Object.fromEntries(gradients) },
        values: Object.fromEntries(values.map((value, position) => [`${name} x${position}`, value])),
      };
    }),
  );
}
