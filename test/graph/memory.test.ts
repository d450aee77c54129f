import { expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import { type MemoryModel, programMemory } from '../../src/graph/memory.js';

/** An engine that computes nodes as they stand, and needs nothing beside them. */
const PLAIN: MemoryModel = {
  order: ({ nodes }) => nodes.map((_, position) => position),
  scratch: () => 0,
  isAlias: (op) => op === 'reshape',
  overwrites: () => false,
};
const x = g.input('x', 'f32', [256]); // 1 kB
const kilobytes = (roots: Parameters<typeof g.makeProgram>[0], model: Partial<MemoryModel> = {}) =>
  programMemory(g.makeProgram(roots), { ...PLAIN, ...model }).peak / 1024;

it('a result is alive until its last use', () => {
  expect(kilobytes({ outputs: { y: g.exp(x) } })).toBe(2);
  expect(kilobytes({ outputs: { y: g.exp(g.exp(g.exp(x))) } })).toBe(2);
  // The input waits for the second branch, whatever the first has become.
  expect(kilobytes({ outputs: { y: g.add(g.exp(g.exp(x)), g.exp(g.sin(x))) } })).toBe(3);
});

it('another shape takes no memory, and lives as long as what it is of', () => {
  expect(kilobytes({ outputs: { y: g.reshape(g.exp(x), [16, 16]) } })).toBe(2);
  const flat = g.reshape(x, [1, 256]);
  expect(kilobytes({ outputs: { y: g.add(g.exp(g.exp(g.exp(flat))), flat) } })).toBe(3);
});

it('an engine that overwrites what it reads for the last time takes less', () => {
  const outputs = { y: g.exp(g.exp(x)) };
  expect(kilobytes({ outputs }, { overwrites: () => true })).toBe(1);
});

it('next values of state lie elsewhere, and constants count apart', () => {
  const state = g.state('w', 'f32', [256]);
  const constant = g.constant(g.hostTensor('f32', new Float32Array(256)));
  const program = g.makeProgram({ outputs: {}, next: { w: g.add(state, constant) } });
  expect(programMemory(program, PLAIN)).toEqual({ constants: 1024, peak: 0 });
});

it('what a node needs beside its result counts while it is computed', () => {
  expect(kilobytes({ outputs: { y: g.exp(x) } }, { scratch: ({ op }) => (op === 'exp' ? 512 : 0) })).toBe(2.5);
});
