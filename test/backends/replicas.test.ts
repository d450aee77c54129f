import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { publish, sum } from '../../backends/onnxruntime/exchange.js';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { suggestReplicas } from '../../backends/onnxruntime/suggest-replicas.js';
import * as g from '../../src/graph/index.js';
import type { ReplicaGroup, Session, StateSpec } from '../../src/plugins/contracts.js';
import { Random } from '../../src/support/random/index.js';

const entry = (name: string, size: number): StateSpec => ({ name, dtype: 'f32', shape: [size] });

async function openReplicas(states: StateSpec[][]): Promise<ReplicaGroup> {
  const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ threads: 2 }));
  return backend.replication!.open(states);
}

async function openGroup(states: StateSpec[][]): Promise<ReplicaGroup> {
  const group = await openReplicas(states);
  onTestFinished(() => group.dispose());
  return group;
}

async function write(session: Session, name: string, values: number[]): Promise<void> {
  const tensor = g.hostTensor('f32', values);
  await session.writeState([{ name, dtype: 'f32', globalShape: [values.length], offset: [0], tensor }]);
}

async function read(session: Session, name: string): Promise<number[]> {
  for await (const { tensor } of session.snapshot([name])) return [...g.float32Values(tensor)];
  throw new Error(`no state ${name}`);
}

const readAll = ({ sessions }: ReplicaGroup, name: string): Promise<number[][]> =>
  Promise.all(sessions.map((session) => read(session, name)));

describe('replicas of a session', () => {
  let three: ReplicaGroup;
  beforeAll(async () => {
    three = await openReplicas(Array.from({ length: 3 }, () => [entry('a', 2), entry('b', 1)]));
  });
  afterAll(() => three.dispose());

  it('give the owner of an entry the sum of all, and leave the others as they were', async () => {
    for (const [replica, session] of three.sessions.entries()) {
      await write(session, 'a', [1 + replica, 10 * replica]);
      await write(session, 'b', [100 + replica]);
    }
    await three.sumAtOwners(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    );
    expect(await readAll(three, 'a')).toEqual([
      [1, 0],
      [6, 30],
      [3, 20],
    ]);
    expect(await readAll(three, 'b')).toEqual([[100], [101], [303]]);
  });

  it('hand the value of the owner to all', async () => {
    await write(three.sessions[2]!, 'a', [4, 5]);
    await write(three.sessions[0]!, 'b', [7]);
    await three.copyFromOwners(
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    );
    expect(await readAll(three, 'a')).toEqual([
      [4, 5],
      [4, 5],
      [4, 5],
    ]);
    expect(await readAll(three, 'b')).toEqual([[7], [7], [7]]);
  });

  it('do what they are asked in the order of the calls, and share the threads', async () => {
    const group = await openGroup([[entry('a', 1)], [entry('a', 1)]]);
    expect(group.threads).toBe(1);
    const program = g.makeProgram({ outputs: {}, next: { a: g.add(g.state('a', 'f32', [1]), g.scalar(1)) } });
    const runs = await Promise.all(group.sessions.map((session) => session.load(program, { threads: 1 })));
    await Promise.all([...runs.map((run) => run.run([{}, {}])), group.sumAtOwners(new Map([['a', 0]]))]);
    expect(await readAll(group, 'a')).toEqual([[4], [2]]);
  });

  it('keep what a snapshot holds when they take over values', async () => {
    const group = await openGroup([[entry('a', 1)], [entry('a', 1)]]);
    await write(group.sessions[0]!, 'a', [5]);
    const before = group.sessions[1]!.snapshot(['a']);
    await group.copyFromOwners(new Map([['a', 0]]));
    for await (const { tensor } of before) expect([...g.float32Values(tensor)]).toEqual([0]);
    expect(await read(group.sessions[1]!, 'a')).toEqual([5]);
  });

  it('exchange float32 alone, and say so', async () => {
    const integers: StateSpec = { name: 'n', dtype: 'i32', shape: [1] };
    const group = await openGroup([[integers], [integers]]);
    await expect(group.sumAtOwners(new Map([['n', 0]]))).rejects.toMatchObject({ failure: 'unsupported-operation' });
  });

  it('are not opened by halves: where one cannot be, the others are closed', async () => {
    const huge = entry('huge', 2 ** 50);
    await expect(openGroup([[entry('a', 1)], [huge]])).rejects.toMatchObject({ failure: 'out-of-memory' });
  });
});

describe('the sum of what replicas published', () => {
  it('is added in their order, in float32, whoever owns it', () => {
    const parts = fc
      .record({ size: fc.integer({ min: 1, max: 9000 }), copies: fc.integer({ min: 2, max: 4 }), seed: fc.nat() })
      .map(({ size, copies, seed }) => {
        const random = Random.fromSeed(seed);
        return Array.from({ length: copies }, () => Float32Array.from({ length: size }, () => 1e6 * random.normal()));
      });
    fc.assert(
      fc.property(parts, fc.nat(), (all, chosen) => {
        const owner = chosen % all.length;
        const states = all.map((own) => ({ values: () => own, writable: () => own }));
        const regions = all.map((own) => new SharedArrayBuffer(64 + own.byteLength));
        const entries = [{ name: 'x', offset: 64, owner }];
        const expected = all[0]!.map((_, i) => all.map((part) => part[i]!).reduce((a, b) => Math.fround(a + b)));
        for (const [replica, state] of states.entries())
          if (replica !== owner) publish(state, { regions, replica, entries });
        sum(states[owner]!, { regions, replica: owner, entries });
        expect(all[owner]).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the suggested number of replicas', () => {
  const GIB = 2 ** 30;
  const suggest = (rows: number, threads: number, parameterBytes = 16e6, memory = 24 * GIB) =>
    suggestReplicas({ rows, threads, parameterBytes, memory });

  it('is one a thread where the rows allow it', () => {
    expect(suggest(8, 2)).toBe(2);
    expect(suggest(64, 16)).toBe(16);
    expect(suggest(8, 1)).toBe(1);
  });

  it('divides the rows, and leaves as few threads idle as it can', () => {
    expect(suggest(1, 16)).toBe(1);
    expect(suggest(8, 16)).toBe(8);
    expect(suggest(5, 2)).toBe(1);
    // Four of six threads would work with 4 replicas, all six with 2.
    expect(suggest(8, 6)).toBe(2);
  });

  it('is one for a small model, which copies do not make faster', () => {
    expect(suggest(8, 2, 4e6)).toBe(1);
  });

  it('is smaller where copies of the model would take too much memory', () => {
    expect(suggest(8, 8, 0.25 * GIB, 24 * GIB)).toBe(4);
    expect(suggest(8, 8, 4 * GIB, 24 * GIB)).toBe(1);
  });
});
