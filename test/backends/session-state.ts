import { describe, expect, it } from 'vitest';
import * as g from '../../src/graph/index.js';
import type { Session, StateSlice, StateSpec } from '../../src/plugins/contracts.js';

/** What every backend's sessions do with their state, wherever it lies. */
export function describeState(open: (state: StateSpec[]) => Promise<Session>): void {
  describe('state', () => {
    const spec: StateSpec = { name: 'w', dtype: 'f32', shape: [3] };
    const w = g.state('w', 'f32', [3]);
    const doubling = g.makeProgram({ outputs: { total: g.sum(w) }, next: { w: g.add(w, w) } });

    it('begins as zeros, can be written, and goes from run to run', async () => {
      const session = await open([spec]);
      const program = await session.load(doubling);
      expect(await read(session, 'w')).toEqual([0, 0, 0]);
      await session.writeState([whole('w', [1, 2, 3])]);
      const results = await program.run([{}, {}, {}]);
      expect(results.map(({ total }) => g.float32Values(total!)[0])).toEqual([6, 12, 24]);
      expect(await read(session, 'w')).toEqual([8, 16, 24]);
      await session.dispose();
    });

    it('is shared by all programs of a session', async () => {
      const session = await open([spec]);
      const [first, second] = [
        await session.load(doubling),
        await session.load(g.makeProgram({ outputs: { w: g.negate(w) } })),
      ];
      await session.writeState([whole('w', [1, 2, 3])]);
      await first.run([{}]);
      const [result] = await second.run([{}]);
      expect([...g.float32Values(result!.w!)]).toEqual([-2, -4, -6]);
      await session.dispose();
    });

    it('is snapshot as of the call, while runs go on', async () => {
      const session = await open([spec, { ...spec, name: 'v' }]);
      const v = g.state('v', 'f32', [3]);
      const program = await session.load(
        g.makeProgram({
          outputs: {},
          next: { w: g.add(w, g.scalar(1)), v: g.updateSlice(v, g.slice(w, 0, 0, 1), g.integer(2), 0) },
        }),
      );
      await program.run([{}]);
      const snapshot = session.snapshot(['w', 'v'])[Symbol.asyncIterator]();
      for (let run = 0; run < 2; run++) await program.run([{}]);
      const seen = [await snapshot.next()];
      for (let run = 0; run < 2; run++) await program.run([{}]);
      seen.push(await snapshot.next());
      await snapshot.return?.();
      expect(seen.map(({ value }) => [...g.float32Values(value.tensor)])).toEqual([
        [1, 1, 1],
        [0, 0, 0],
      ]);
      expect(await read(session, 'w')).toEqual([5, 5, 5]);
      expect(await read(session, 'v')).toEqual([0, 0, 4]);
      await session.dispose();
    });

    it('is written shard by shard', async () => {
      const session = await open([{ name: 'm', dtype: 'f32', shape: [3, 2, 2] }]);
      const shard = (offset: number[], shape: number[], values: number[]): StateSlice => ({
        name: 'm',
        dtype: 'f32',
        globalShape: [3, 2, 2],
        offset,
        tensor: g.hostTensor('f32', values, shape),
      });
      await session.writeState([
        shard([1, 0, 0], [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
        shard([0, 1, 0], [2, 1, 2], [10, 11, 12, 13]),
        shard([2, 0, 1], [1, 2, 1], [20, 21]),
      ]);
      expect(await read(session, 'm')).toEqual([0, 0, 10, 11, 1, 2, 12, 13, 5, 20, 7, 21]);
      await session.dispose();
    });

    it('is updated in place, slice by slice', async () => {
      const session = await open([{ name: 'cache', dtype: 'f32', shape: [2, 4, 2] }]);
      const cache = g.state('cache', 'f32', [2, 4, 2]);
      const updated = g.updateSlice(cache, g.input('row', 'f32', [2, 1, 2]), g.input('at', 'i32', []), 1);
      const program = await session.load(
        g.makeProgram({ outputs: { total: g.sum(updated) }, next: { cache: updated } }),
      );
      const step = (at: number, row: number[]) => ({
        row: g.hostTensor('f32', row, [2, 1, 2]),
        at: g.hostTensor('i32', [at], []),
      });
      const results = await program.run([step(1, [1, 2, 3, 4]), step(3, [5, 6, 7, 8]), step(1, [0, 0, 1, 1])]);
      expect(results.map(({ total }) => g.float32Values(total!)[0])).toEqual([10, 36, 28]);
      expect(await read(session, 'cache')).toEqual([0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 1, 1, 0, 0, 7, 8]);
      await session.dispose();
    });
  });
}

async function read(session: Session, name: string): Promise<number[]> {
  for await (const { tensor } of session.snapshot([name])) return [...g.float32Values(tensor)];
  throw new Error(`no state ${name}`);
}

const whole = (name: string, values: number[]): StateSlice => ({
  name,
  dtype: 'f32',
  globalShape: [values.length],
  offset: [0],
  tensor: g.hostTensor('f32', values),
});
