import { describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import * as g from '../../src/graph/index.js';
import type { Session, StateSpec } from '../../src/plugins/contracts.js';
import { describeState } from './session-state.js';
import { hasWebgpu } from './software-vulkan.js';

const isHere = await hasWebgpu();

const backendOn = (device: string, log?: (message: string) => void) =>
  onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ device }), log);

async function open(state: StateSpec[] = []): Promise<Session> {
  return (await backendOn('webgpu')).open(state);
}

/** All operations, and models: `npm run test:full -- engines`. */
describe.runIf(isHere)('on a GPU', () => {
  describeState(open);

  it('sines and cosines of positions are exact, which the shading language does not ask for', async () => {
    const session = await open();
    const x = g.input('x', 'f32', [6]);
    const program = await session.load(g.makeProgram({ outputs: { sin: g.sin(x), cos: g.cos(x) } }));
    const angles = [-3.5, 0, 1.25, 1000.5, 4095, 65_535];
    const [result] = await program.run([{ x: g.hostTensor('f32', angles) }]);
    for (const [index, angle] of angles.entries()) {
      expect(g.float32Values(result!.sin!)[index]).toBeCloseTo(Math.sin(angle), 5);
      expect(g.float32Values(result!.cos!)[index]).toBeCloseTo(Math.cos(angle), 5);
    }
    await session.dispose();
  });

  it('sums into the rows of a table lose nothing', async () => {
    const session = await open();
    const [count, width, rows] = [2048, 64, 5000];
    const updates = g.input('updates', 'f32', [count, width]);
    const sums = g.scatterAdd(g.input('indices', 'i32', [count]), updates, rows);
    const program = await session.load(g.makeProgram({ outputs: { row: g.slice(sums, 0, 7, 1) } }));
    const [result] = await program.run([
      {
        indices: g.hostTensor('i32', new Int32Array(count).fill(7)),
        updates: g.hostTensor('f32', new Float32Array(count * width).fill(1), [count, width]),
      },
    ]);
    expect([...new Set(g.float32Values(result!.row!))]).toEqual([count]);
    await session.dispose();
  });

  it('auto takes it, without a word', async () => {
    const said: string[] = [];
    const backend = await backendOn('auto', (message) => said.push(message));
    expect(backend.topology.devices).toMatchObject([{ kind: 'gpu', id: expect.stringMatching(/^webgpu/) }]);
    expect(said).toEqual([]);
  });

  it('an adapter that is not there is refused, with those that are', async () => {
    const [, adapter] = await onnxruntimeBackend.devices();
    await expect(backendOn('webgpu:99')).rejects.toMatchObject({
      failure: 'unavailable',
      hint: expect.stringContaining(adapter!.id),
    });
  });
});
