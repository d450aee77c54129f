import { describe, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import type { Node } from '../../src/graph/node.js';
import { eliminateCommonSubexpressions, expandComposites, foldConstants } from '../../src/graph/passes.js';
import type { Program, ProgramRoots } from '../../src/graph/program.js';

const x = g.input('x', 'f32', [2, 3]);
const roots = (outputs: Record<string, Node>): Required<ProgramRoots> => ({ outputs, next: {} });
const operations = (program: Program | Required<ProgramRoots>) =>
  ('nodes' in program ? program : g.makeProgram(program)).nodes.map(({ op }) => op);
const values = (program: Program) =>
  g.interpret(program, { x: { dtype: 'f32', shape: [2, 3], data: Float64Array.of(1, -2, 3, 0.5, 0, -1) } }).outputs;

describe('dead code', () => {
  it('is not in the program: it holds what its roots need, operands before users', () => {
    const used = g.exp(x);
    g.sin(used);
    expect(operations(roots({ y: used }))).toEqual(['input', 'exp']);
  });
});

describe('common subexpressions', () => {
  it('are computed once', () => {
    const twice = roots({ y: g.add(g.exp(g.negate(x)), g.exp(g.negate(x))) });
    expect(operations(eliminateCommonSubexpressions(twice))).toEqual(['input', 'negate', 'exp', 'add']);
  });

  it('are told apart by their attributes and by the bytes of constants', () => {
    const different = roots({
      y: g.add(g.multiply(g.sum(x, [0]), g.scalar(2)), g.multiply(g.sum(x, [1]), g.scalar(3))),
    });
    expect(operations(eliminateCommonSubexpressions(different)).filter((op) => op !== 'add')).toHaveLength(7);
  });

  it('of a forward and a backward pass that recompute the same become one', () => {
    const q = g.input('x', 'f32', [2, 3]);
    const y = g.attention(q, q, q, { scale: 1 });
    const [dq] = g.gradients(g.sum(y), [q]);
    const optimised = g.optimise(g.makeProgram({ outputs: { y, dq: dq! } }), (name) => name === 'softmax');
    expect(operations(optimised).filter((op) => op === 'softmax')).toHaveLength(1);
  });
});

describe('constant folding', () => {
  it('evaluates what depends on constants alone', () => {
    const folded = foldConstants(roots({ y: g.multiply(x, g.exp(g.cast(g.iota([3], 0), 'f32'))) }));
    expect(operations(folded)).toEqual(['input', 'constant', 'multiply']);
  });

  it('leaves out additions of zero and multiplications by one', () => {
    const neutral = g.subtract(g.multiply(g.add(g.scalar(0), x), g.scalar(1)), g.scalar(0));
    expect(operations(foldConstants(roots({ y: g.exp(neutral) })))).toEqual(['input', 'exp']);
  });

  it('keeps a neutral element that stretches the other operand', () => {
    const stretched = g.add(g.input('s', 'f32', []), g.constant(g.hostTensor('f32', [0, 0], [2])));
    expect(operations(foldConstants(roots({ y: stretched })))).toContain('add');
  });

  it('does not make large constants', () => {
    const large = g.broadcast(g.scalar(1), [1000, 1000]);
    expect(operations(foldConstants(roots({ y: large })))).toEqual(['constant', 'broadcast']);
  });
});

describe('composites', () => {
  it('are expanded where the backend does not know them, and kept where it does', () => {
    const y = roots({ y: g.swiglu(x, x) });
    expect(operations(expandComposites(() => false)(y))).toEqual(['input', 'sigmoid', 'multiply', 'multiply']);
    expect(operations(expandComposites((name) => name === 'silu')(y))).toEqual(['input', 'silu', 'multiply']);
    expect(operations(expandComposites(() => true)(y))).toEqual(['input', 'swiglu']);
  });
});

describe('rematerialisation', () => {
  const layer = (name: string, input: Node) => g.inScope(name, () => g.sin(g.exp(g.multiply(input, g.scalar(0.3)))));
  const output = layer('layers.1', layer('layers.0', x));
  const loss = g.inScope('loss', () => g.sum(g.multiply(output, output)));
  const program = g.makeProgram({ outputs: { loss, dx: g.gradients(loss, [x])[0]! } });
  const again = g.makeProgram(g.rematerialise((scope) => scope.startsWith('layers.'))(g.programRoots(program)));

  it('keeps all values', () => {
    const [expected, actual] = [values(program), values(again)];
    expect([...actual.dx!.data]).toEqual([...expected.dx!.data]);
    expect([...actual.loss!.data]).toEqual([...expected.loss!.data]);
  });

  it('computes the inside of a layer a second time, after the cotangent has arrived', () => {
    const count = (p: Program, op: string) => operations(p).filter((name) => name === op).length;
    expect(count(again, 'exp')).toBe(2 * count(program, 'exp'));
    // What enters a layer is kept, and waits: one value for each layer that has an input worth keeping.
    expect(count(again, 'after')).toBe(1);
  });

  it('leaves nothing of the forward pass to the backward pass but what enters a layer', () => {
    const nodes = again.nodes;
    const backward = nodes.filter(({ scope }) => scope === "layers.1'");
    const used = backward.flatMap(({ operands }) => operands.map((operand) => nodes[operand]!));
    expect(used.filter(({ scope }) => scope === 'layers.1')).toEqual([]);
  });
});

describe('programs', () => {
  it('are plain data that describe the same graph again', () => {
    const program = g.makeProgram({ outputs: { y: g.softmax(g.matmul(x, x, { transposeB: true })) } });
    const copied = structuredClone(program);
    const rebuilt = g.makeProgram(g.programRoots(copied));
    expect(rebuilt).toEqual(program);
  });

  it('are refused when they refer to nodes that do not exist', () => {
    const program = g.makeProgram({ outputs: { y: g.exp(x) } });
    expect(() => g.programRoots({ ...program, outputs: { y: 9 } })).toThrow('corrupt program: y is node 9');
  });

  it('are refused when state would change its shape', () => {
    const w = g.state('w', 'f32', [2]);
    expect(() => g.makeProgram({ outputs: {}, next: { w: g.sum(w) } })).toThrow(
      'state w is f32 [2], its next value f32 [1]',
    );
  });

  it('are refused when an input is declared twice in two ways', () => {
    const other = g.sum(g.input('x', 'f32', [4]));
    expect(() => g.makeProgram({ outputs: { y: g.add(g.sum(x), other) } })).toThrow('input x is declared twice');
  });
});

describe('shapes that do not fit are refused', () => {
  it.each([
    ['broadcast', () => g.add(x, g.input('y', 'f32', [2])), 'shapes [2, 3] and [2] do not broadcast'],
    ['types', () => g.add(x, g.integer(1)), 'operands of types f32 and i32'],
    ['matmul', () => g.matmul(x, x), 'matmul of [2, 3] and [2, 3]: 3 ≠ 2'],
    ['reshape', () => g.reshape(x, [4]), 'cannot reshape [2, 3] to [4]'],
    ['transpose', () => g.transpose(x, [0, 0]), '[0, 0] is no permutation of the axes of [2, 3]'],
    ['slice', () => g.slice(x, 1, 2, 2), 'slice 2 … 4 of axis 1 of [2, 3]'],
    ['axis', () => g.sum(x, [2]), 'axis 2 of shape [2, 3]'],
    [
      'concat',
      () => g.concat([x, g.input('y', 'f32', [3, 2])], 0),
      'cannot concatenate [2, 3] and [3, 2] along axis 0',
    ],
    ['gather', () => g.gather(x, x), 'indices must be i32, not f32'],
    [
      'updateSlice',
      () => g.updateSlice(x, g.input('y', 'f32', [3, 3]), g.integer(0), 0),
      'cannot write [3, 3] into [2, 3]',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});
