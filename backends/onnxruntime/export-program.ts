import { declarations, type Program } from '../../src/graph/index.js';
import type { StoredState } from '../../src/plugins/contracts.js';
import { ProgramError } from '../../src/support/errors.js';
import { type Binding, lowerProgram } from './lower-program.js';

/**
 * A program as an ONNX model of its own: inputs and results have the program's names, and the weights are external
 * data, so that the model is small whatever they take. It needs ONNX Runtime, whose own operators it uses.
 *
 * @throws ProgramError if the program changes state, or reads an entry that lies nowhere
 */
export function exportProgram(program: Program, state: readonly StoredState[]): Uint8Array {
  const changed = Object.keys(program.next)[0];
  if (changed !== undefined)
    throw new ProgramError(`the program changes ${changed}, and a model's weights are constant`);
  const stored = new Map(state.map((entry) => [entry.name, entry]));
  for (const { name } of declarations(program, 'state'))
    if (!stored.has(name)) throw new ProgramError(`the program reads ${name}, which lies in no file`);
  const asInitializers: Binding = {
    input: (writer, { attributes: { name }, dtype, shape }) => writer.input(name, dtype, shape),
    state: (writer, { attributes: { name }, dtype, shape }) => writer.external(name, dtype, shape, stored.get(name)!),
    resultName: (output) => output,
  };
  return lowerProgram(program, { binding: asInitializers }).model;
}
