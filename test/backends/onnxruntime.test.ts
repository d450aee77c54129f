import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import * as g from '../../src/graph/index.js';
import type { Session, StateSpec } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { describeParity } from './parity.js';
import { describeState } from './session-state.js';

async function open(state: StateSpec[] = []): Promise<Session> {
  const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({}));
  return backend.open(state);
}

describeParity(open, 2e-6);

describeState(open);

describe('the worker of a session', () => {
  const spec: StateSpec = { name: 'w', dtype: 'f32', shape: [3] };
  const w = g.state('w', 'f32', [3]);
  const doubling = g.makeProgram({ outputs: { total: g.sum(w) }, next: { w: g.add(w, w) } });

  it('is told of a snapshot that is given up before it is read', async () => {
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    const session = await open([spec]);
    const slices = session.snapshot()[Symbol.asyncIterator]();
    await slices.return?.();
    expect(await slices.next()).toMatchObject({ done: true });
    const requests = sent.mock.calls.map(([message]) => (message as { name: string }).name);
    expect(requests).toEqual(['open', 'snapshot', 'endSnapshot']);
    sent.mockRestore();
    await session.dispose();
  });

  it('ends its session with a typed error when a message cannot be read', async () => {
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    const session = await open([spec]);
    const program = await session.load(doubling);
    const running = program.run([{}]);
    (sent.mock.contexts[0] as Worker).emit('messageerror', new Error('no such class'));
    sent.mockRestore();
    await expect(running).rejects.toThrow(BackendError);
    await expect(session.load(doubling)).rejects.toThrow('unreadable: no such class');
    await session.dispose();
  });
});

describe('sums into the rows of a table', () => {
  // A kernel that adds from several threads at once loses updates, though not in every run.
  it.each([320, 5000])('lose nothing with several threads and many updates of one row: %i rows', async (rows) => {
    const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ threads: 4 }));
    const session = await backend.open([]);
    const [count, width] = [4096, 128];
    const indices = g.input('indices', 'i32', [count]);
    const sums = g.scatterAdd(indices, g.input('updates', 'f32', [count, width]), rows);
    const program = await session.load(g.makeProgram({ outputs: { sums } }));
    for (let run = 0; run < 20; run++) {
      const updates = g.hostTensor('f32', new Float32Array(count * width).fill(1), [count, width]);
      const [result] = await program.run([{ indices: g.hostTensor('i32', new Int32Array(count).fill(7)), updates }]);
      const row = g.float32Values(result!.sums!).subarray(7 * width, 8 * width);
      expect([...new Set(row)]).toEqual([count]);
    }
    await session.dispose();
  });
});

describe('failures are typed', () => {
  it('a program that reads state which the session does not hold', async () => {
    const session = await open();
    const program = g.makeProgram({ outputs: { w: g.negate(g.state('w', 'f32', [3])) } });
    await expect(session.load(program)).rejects.toMatchObject({
      code: 'backend',
      failure: 'corrupt-program',
      message: expect.stringContaining('no state named w'),
    });
    await session.dispose();
  });

  it('a program whose nodes refer to nothing', async () => {
    const session = await open();
    const program = g.makeProgram({ outputs: { y: g.negate(g.input('x', 'f32', [3])) } });
    const broken = { ...program, nodes: [program.nodes[0]!, { ...program.nodes[1]!, operands: [7] }] };
    await expect(session.load(broken)).rejects.toMatchObject({ failure: 'corrupt-program' });
    await session.dispose();
  });

  it('a program of another operation set', async () => {
    const session = await open();
    const program = { ...g.makeProgram({ outputs: { y: g.scalar(1) } }), operationSet: 999 };
    await expect(session.load(program)).rejects.toThrow('operation set 999');
    await session.dispose();
  });

  it('a type the runtime has no kernel for', async () => {
    const session = await open();
    const x = g.input('x', 'bf16', [3]);
    await expect(session.load(g.makeProgram({ outputs: { y: g.add(x, x) } }))).rejects.toMatchObject({
      failure: 'unsupported-operation',
    });
    await session.dispose();
  });

  it('state that the machine cannot hold, before it is allocated', async () => {
    const state = [{ name: 'w', dtype: 'f32' as const, shape: [1 << 20, 1 << 20] }];
    await expect(open(state)).rejects.toMatchObject({
      failure: 'out-of-memory',
      message: expect.stringContaining('4096.0 GiB'),
    });
  });

  it('a tensor that no memory can hold', async () => {
    const session = await open();
    const x = g.input('x', 'f32', [1]);
    const huge = g.sum(g.exp(g.broadcast(x, [1 << 20, 1 << 20])));
    const program = await session.load(g.makeProgram({ outputs: { huge } }));
    await expect(program.run([{ x: g.hostTensor('f32', [1]) }])).rejects.toMatchObject({ failure: 'out-of-memory' });
    await session.dispose();
  });

  it('an input that is missing or of another shape', async () => {
    const session = await open();
    const program = await session.load(g.makeProgram({ outputs: { y: g.negate(g.input('x', 'f32', [3])) } }));
    await expect(program.run([{}])).rejects.toThrow('no value was given for input x');
    await expect(program.run([{ x: g.hostTensor('f32', [1, 2]) }])).rejects.toThrow('input x is f32 [3], not f32 [2]');
    await session.dispose();
  });
});
