import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tensorflow from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { chooseBinding, installedBindings, missingBinding } from '../../backends/tfjs/bindings.js';
import { tfjsBackend } from '../../backends/tfjs/index.js';
import { SessionTensors } from '../../backends/tfjs/session-tensors.js';
import { loadTensorFlow } from '../../backends/tfjs/tensorflow.js';
import * as g from '../../src/graph/index.js';
import { BackendError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { describeParity } from './parity.js';
import { describeState } from './session-state.js';

const backend = await tfjsBackend.create(tfjsBackend.options.parse({ device: 'wasm' }));

describe('TensorFlow.js by WebAssembly', () => {
  describeParity(() => backend.open([]), 5e-6);
  describeState((state) => backend.open(state));

  it('frees every tensor that a step makes', async () => {
    const tf = await loadTensorFlow(chooseBinding('wasm'));
    const w = g.state('w', 'f32', [4, 4]);
    const x = g.input('x', 'f32', [3, 4]);
    const y = g.softmax(g.matmul(x, w, { scale: 0.5 }));
    const at = g.updateSlice(y, g.slice(y, 0, 0, 1), g.integer(2), 0);
    const loss = g.sum(g.multiply(at, g.sin(at)));
    const program = g.makeProgram({
      outputs: { loss, y },
      next: { w: g.subtract(w, g.gradients(loss, [w])[0]!) },
    });
    const { handlers } = new SessionTensors(tf, [{ name: 'w', dtype: 'f32', shape: [4, 4] }]);
    const executable = await handlers.load({ program, options: {} });
    const step = { x: g.hostTensor('f32', [1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6], [3, 4]) };
    await handlers.run({ executable, steps: [step] });
    const { numTensors, numBytes } = tensorflow.memory();
    for (let run = 0; run < 100; run++) await handlers.run({ executable, steps: Array(10).fill(step) });
    expect(tensorflow.memory()).toMatchObject({ numTensors, numBytes });
    await handlers.unload({ executable });
    await handlers.close(null);
    expect(tensorflow.memory().numTensors).toBe(0);
  });

  it('frees what a step made before it failed', async () => {
    const tf = await loadTensorFlow(chooseBinding('wasm'));
    const start = g.input('start', 'i32', []);
    const written = g.updateSlice(g.multiply(g.iota([4], 0), g.integer(2)), g.iota([2], 0), start, 0);
    const { handlers } = new SessionTensors(tf, []);
    const executable = await handlers.load({ program: g.makeProgram({ outputs: { written } }), options: {} });
    const run = (at: number) => handlers.run({ executable, steps: [{ start: g.hostTensor('i32', [at], []) }] });
    await run(2);
    const { numTensors } = tensorflow.memory();
    await expect(run(3)).rejects.toThrow('elements 3 … 4 are outside of axis 0 of [4]');
    expect(tensorflow.memory().numTensors).toBe(numTensors);
    await handlers.close(null);
  });

  it('says what it does not compute in', async () => {
    const session = await backend.open([]);
    const program = g.makeProgram({ outputs: { half: g.cast(g.input('x', 'f32', [1]), 'f16') } });
    const executable = await session.load(program);
    await expect(executable.run([{ x: g.hostTensor('f32', [1]) }])).rejects.toMatchObject({
      failure: 'unsupported-operation',
      message: expect.stringContaining('no tensors of f16'),
    });
    await session.dispose();
  });
});

describe('bindings of TensorFlow', () => {
  /** A project that has a package, with its native library or without. */
  function projectWith(name: string, library: boolean): string {
    const project = temporaryDirectory();
    const folder = join(project, 'node_modules', name);
    mkdirSync(join(folder, 'lib', 'napi-v8'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
    writeFileSync(join(folder, 'index.js'), 'throw new Error("libtensorflow.so.2: cannot open shared object file");');
    if (library) writeFileSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'), '');
    vi.spyOn(process, 'cwd').mockReturnValue(project);
    return project;
  }

  it('are those of the project, before WebAssembly', () => {
    const project = projectWith('@tensorflow/tfjs-node-gpu', true);
    expect(installedBindings()).toMatchObject([
      { device: 'gpu', entry: join(project, 'node_modules/@tensorflow/tfjs-node-gpu/index.js') },
      { device: 'wasm' },
    ]);
    expect(chooseBinding('auto').device).toBe('gpu');
    expect(missingBinding('gpu')).toBeNull();
  });

  it('whose library is not there are told from those that are not installed', () => {
    projectWith('@tensorflow/tfjs-node', false);
    expect(installedBindings().map(({ device }) => device)).toEqual(['wasm']);
    expect(missingBinding('cpu')?.hint).toContain('npm rebuild @tensorflow/tfjs-node');
    expect(missingBinding('gpu')?.hint).toContain('npm install @tensorflow/tfjs-node-gpu');
    expect(() => chooseBinding('gpu')).toThrow(BackendError);
  });

  it('that cannot be loaded are refused with the reason', async () => {
    projectWith('@tensorflow/tfjs-node', true);
    await expect(loadTensorFlow(chooseBinding('cpu'))).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('libtensorflow.so.2'),
    });
  });
});
