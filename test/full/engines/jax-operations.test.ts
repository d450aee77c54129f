import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as g from '../../../src/graph/index.js';
import { tensorOf, type Values, valuesOf } from '../../../src/graph/reference-kernels.js';
import type { Backend } from '../../../src/plugins/contracts.js';
import { createJax, installedJax } from '../../backends/jax-python.js';
import { describeParity } from '../../backends/parity.js';
import { programOfAllOperations } from '../../graph/program-cases.js';

const jaxPython = await installedJax();
if ('missing' in jaxPython) console.log(`the operations of jax are not tested: ${jaxPython.missing}`);

/** Largest difference, relative to the largest element where that is above one. */
function deviation(actual: Values, expected: Values): number {
  const size = Math.max(1, ...expected.data.map(Math.abs));
  return Math.max(0, ...actual.data.map((value, i) => Math.abs(value - expected.data[i]!) / size));
}

describe.skipIf('missing' in jaxPython)('jax on one device', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await createJax({}, jaxPython);
  });
  afterAll(() => backend.dispose());
  describeParity(() => backend.open([]), 5e-6);
});

describe.skipIf('missing' in jaxPython)('jax on four devices', () => {
  it('computes every operation and its gradient as the reference interpreter does', async () => {
    const backend = await createJax({ devices: 4, shards: 2 }, jaxPython);
    const session = await backend.open([]);
    const { program, values } = programOfAllOperations();
    const given = Object.entries(values).map(([name, value]) => [name, tensorOf(value)] as const);
    const bindings = Object.fromEntries(given.map(([name, tensor]) => [name, valuesOf(tensor)]));
    const expected = g.interpret(program, bindings).outputs;
    const executable = await session.load(program);
    const [actual] = await executable.run([Object.fromEntries(given)]);
    expect(Object.keys(actual!)).toEqual(Object.keys(expected));
    for (const [name, reference] of Object.entries(expected)) {
      expect([...actual![name]!.shape], name).toEqual([...reference.shape]);
      expect(deviation(valuesOf(actual![name]!), reference), name).toBeLessThan(5e-6);
    }
    await backend.dispose();
  });
});
