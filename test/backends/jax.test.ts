import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeHeader, SafetensorsFile } from '../../src/checkpoints/index.js';
import * as g from '../../src/graph/index.js';
import type { Backend, Session, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { compiled, startModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { createJax, jaxPython } from './jax-python.js';

if ('missing' in jaxPython) console.log(`the backend jax is not tested: ${jaxPython.missing}`);
const python = 'python' in jaxPython ? jaxPython.python : '';

async function read(session: Session, name: string): Promise<number[]> {
  const values: number[] = [];
  for await (const { tensor } of session.snapshot([name])) values.push(...g.float32Values(tensor));
  return values;
}

const whole = (name: string, values: number[]): StateSlice => ({
  name,
  dtype: 'f32',
  globalShape: [values.length],
  offset: [0],
  tensor: g.hostTensor('f32', values),
});

/** A Python that writes its process number into a file before it begins. */
function watchedPython() {
  const directory = temporaryDirectory();
  const script = join(directory, 'python');
  const file = join(directory, 'pid');
  writeFileSync(script, `#!/bin/sh\necho $$ > '${file}.part' && mv '${file}.part' '${file}'\nexec '${python}' "$@"\n`);
  chmodSync(script, 0o755);
  return { script, pid: () => Number(readFileSync(file, 'utf8')), started: () => existsSync(file) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20);
}

describe.skipIf('missing' in jaxPython)('the backend jax', () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await createJax({ devices: 4, shards: 2 });
  });
  afterAll(() => backend.dispose());

  async function open(state: StateSpec[] = []): Promise<Session> {
    const session = await backend.open(state);
    onTestFinished(() => session.dispose());
    return session;
  }

  it('names its devices and its engine', () => {
    expect(backend.topology).toMatchObject({ rank: 0, world: 1 });
    expect(backend.topology.devices.map(({ id, kind }) => [id, kind])).toEqual(
      [0, 1, 2, 3].map((index) => [`cpu:${index}`, 'cpu']),
    );
    expect(backend.engine).toMatch(/^jax \d/);
  });

  it('keeps state from step to step, several of them in one call, on all devices', async () => {
    const session = await open([{ name: 'w', dtype: 'f32', shape: [4] }]);
    const w = g.state('w', 'f32', [4]);
    const doubling = await session.load(g.makeProgram({ outputs: { total: g.sum(w) }, next: { w: g.add(w, w) } }));
    const negated = await session.load(g.makeProgram({ outputs: { w: g.negate(w) } }));
    expect(await read(session, 'w')).toEqual([0, 0, 0, 0]);
    await session.writeState([whole('w', [1, 2, 3, 4])]);
    const results = await doubling.run([{}, {}, {}]);
    expect(results.map(({ total }) => g.float32Values(total!)[0])).toEqual([10, 20, 40]);
    const [result] = await negated.run([{}]);
    expect([...g.float32Values(result!.w!)]).toEqual([-8, -16, -24, -32]);
  });

  it('gives a snapshot as of the call, while steps go on', async () => {
    const spec: StateSpec = { name: 'w', dtype: 'f32', shape: [4] };
    const session = await open([spec, { ...spec, name: 'v' }]);
    const [w, v] = [g.state('w', 'f32', [4]), g.state('v', 'f32', [4])];
    const next = { w: g.add(w, g.scalar(1)), v: g.updateSlice(v, g.slice(w, 0, 0, 1), g.integer(2), 0) };
    const program = await session.load(g.makeProgram({ outputs: {}, next }));
    await program.run([{}]);
    const snapshot = session.snapshot(['w', 'v'])[Symbol.asyncIterator]();
    const given = session.snapshot(['w'])[Symbol.asyncIterator]();
    await given.return?.();
    await program.run([{}, {}]);
    const seen = [await snapshot.next(), await snapshot.next(), await snapshot.next()];
    expect(seen.map(({ value }) => value && [...g.float32Values(value.tensor)])).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 0],
      undefined,
    ]);
    expect(await read(session, 'w')).toEqual([3, 3, 3, 3]);
    expect(await read(session, 'v')).toEqual([0, 0, 2, 0]);
  });

  it('takes state piece by piece, cut in any way', async () => {
    const session = await open([{ name: 'm', dtype: 'f32', shape: [3, 2, 2] }]);
    const piece = (offset: number[], shape: number[], values: number[]): StateSlice => ({
      name: 'm',
      dtype: 'f32',
      globalShape: [3, 2, 2],
      offset,
      tensor: g.hostTensor('f32', values, shape),
    });
    await session.writeState([
      piece([1, 0, 0], [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      piece([0, 1, 0], [2, 1, 2], [10, 11, 12, 13]),
    ]);
    await session.writeState([piece([2, 0, 1], [1, 2, 1], [20, 21])]);
    expect(await read(session, 'm')).toEqual([0, 0, 10, 11, 1, 2, 12, 13, 5, 20, 7, 21]);
    await expect(session.writeState([piece([2, 0, 1], [1, 2, 2], [1, 2, 3, 4])])).rejects.toThrow(/cannot write f32/);
  });

  it('refuses, with typed errors, what does not fit, and goes on', async () => {
    const session = await open([{ name: 'w', dtype: 'f32', shape: [2] }]);
    const other = g.makeProgram({ outputs: { y: g.state('w', 'f32', [3]) } });
    await expect(session.load(other)).rejects.toMatchObject({
      failure: 'corrupt-program',
      message: 'JAX: the program reads state w as f32 [3], the session holds f32 [2]',
    });
    const executable = await session.load(g.makeProgram({ outputs: { y: g.negate(g.input('x', 'f32', [2])) } }));
    await expect(executable.run([{}])).rejects.toThrow('no value was given for input x');
    await expect(executable.run([{ x: g.hostTensor('i32', [1, 2]) }])).rejects.toThrow(
      'input x is f32 [2], not i32 [2]',
    );
    const [{ y }] = (await executable.run([{ x: g.hostTensor('f32', [1, 2]) }])) as [{ y: g.HostTensor }];
    expect([...g.float32Values(y)]).toEqual([-1, -2]);
    await expect(session.load(other, { profile: 'p' })).rejects.toMatchObject({ failure: 'unsupported-operation' });
  });

  it('computes in bfloat16, and keeps it as state', async () => {
    const spec: StateSpec = { name: 'w', dtype: 'bf16', shape: [2] };
    const session = await open([spec]);
    const x = g.input('x', 'f32', [2, 2]);
    const rounded = g.cast(x, 'bf16');
    const w = g.state('w', 'bf16', [2]);
    const outputs = { y: g.cast(g.matmul(rounded, rounded, { scale: 0.5 }), 'f32') };
    const program = await session.load(g.makeProgram({ outputs, next: { w: g.add(w, w) } }));
    const bytes = Uint8Array.of(0x80, 0x3f, 0x40, 0xc0); // 1 and −3
    const tensor = { dtype: 'bf16' as const, shape: [2], bytes };
    await session.writeState([{ name: 'w', dtype: 'bf16', globalShape: [2], offset: [0], tensor }]);
    // Neighbours of 4 are 2⁻⁵ and more away.
    const [result] = await program.run([{ x: g.hostTensor('f32', [1, 2, 3, 4.01], [2, 2]) }]);
    expect([...g.float32Values(result!.y!)]).toEqual([3.5, 5, 7.5, 11]);
    for await (const { tensor } of session.snapshot()) expect([...tensor.bytes]).toEqual([0, 0x40, 0xc0, 0xc0]); // 2 and −6
  });

  it('finds an index outside of a table as NaN, not as another row', async () => {
    const session = await open();
    const rows = g.gather(g.input('table', 'f32', [3, 1]), g.input('at', 'i32', [3]));
    const executable = await session.load(g.makeProgram({ outputs: { rows } }));
    const inputs = { table: g.hostTensor('f32', [1, 2, 3], [3, 1]), at: g.hostTensor('i32', [2, 3, -1]) };
    const [outputs] = await executable.run([inputs]);
    expect([...g.float32Values(outputs!.rows!)]).toEqual([3, Number.NaN, Number.NaN]);
  });

  it('writes programs that run without us', async () => {
    const directory = temporaryDirectory();
    const writing = await createJax({ programs: join(directory, 'programs') });
    onTestFinished(() => writing.dispose());
    const [w, x] = [g.state('w', 'f32', [2]), g.input('x', 'f32', [2])];
    const program = g.makeProgram({ outputs: { y: g.multiply(w, x) }, next: { w: g.add(w, x) } });
    await (await writing.open([{ name: 'w', dtype: 'f32', shape: [2] }])).load(program);
    const data = join(directory, 'data.safetensors');
    const header = encodeHeader([
      { name: 'input.x', type: 'F32', shape: [2] },
      { name: 'state.w', type: 'F32', shape: [2] },
    ]);
    writeFileSync(data, Buffer.concat([header, g.hostTensor('f32', [1, 2, 10, 20]).bytes]));
    const output = join(directory, 'results.safetensors');
    const { stdout } = await promisify(execFile)(
      python,
      ['-m', 'pc_jax', join(directory, 'programs', '000.safetensors'), data, '-o', output],
      { env: { ...process.env, PYTHONPATH: 'backends/jax/python', JAX_PLATFORMS: 'cpu' } },
    );
    expect(stdout).toContain('output.y float32 [2] [10. 40.]');
    const results = await SafetensorsFile.open(output);
    onTestFinished(() => results.close());
    const floats = async (name: string) => [...new Float32Array((await results.read(name)).slice().buffer)];
    expect(await floats('output.y')).toEqual([10, 40]);
    expect(await floats('next.w')).toEqual([11, 22]);
  });
});

describe.skipIf('missing' in jaxPython)('the process of the backend jax', () => {
  it('is not there where Python cannot be started, with a reason', async () => {
    await expect(createJax({ python: '/nowhere/python' })).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringContaining('/nowhere/python'),
      hint: expect.stringContaining('PC_JAX_PYTHON'),
    });
  });

  it('says what Python printed where it ends at once', async () => {
    const directory = temporaryDirectory();
    const script = join(directory, 'python');
    writeFileSync(script, "#!/bin/sh\necho 'No module named jax' >&2\nexit 3\n");
    chmodSync(script, 0o755);
    await expect(createJax({ python: script })).rejects.toThrow(/ended with code 3.*\n {4}No module named jax/s);
  });

  it('is ended with a typed error where something else is printed among its messages', async () => {
    const directory = temporaryDirectory();
    const script = join(directory, 'python');
    writeFileSync(script, "#!/bin/sh\necho 'a library says hello'\nexec sleep 600\n");
    chmodSync(script, 0o755);
    await expect(createJax({ python: script })).rejects.toMatchObject({
      failure: 'unavailable',
      message: expect.stringMatching(/sent what is no message/),
    });
  });

  it('ends where a message is damaged, rather than wait for the next', async () => {
    const env = { ...process.env, PYTHONPATH: 'backends/jax/python' };
    const child = spawn(python, ['-m', 'pc_jax', 'serve'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    const json = Buffer.from('{"id": 0,');
    const lengths = Buffer.alloc(12);
    lengths.writeUInt32LE(json.length);
    child.stdin.write(Buffer.concat([lengths, json]));
    expect(await once(child, 'close')).toEqual([1, null]);
  });

  it('ends a run with a typed error when it is killed, and every later call', async () => {
    const watched = watchedPython();
    const backend = await createJax({ python: watched.script });
    const session = await backend.open([{ name: 'w', dtype: 'f32', shape: [1] }]);
    const [w, times] = [g.state('w', 'f32', [1]), Array.from({ length: 50_000 }, () => ({}))];
    const program = await session.load(g.makeProgram({ outputs: {}, next: { w: g.add(w, g.scalar(1)) } }));
    const running = program.run(times);
    process.kill(watched.pid(), 'SIGKILL');
    await expect(running).rejects.toThrow('the Python process of JAX ended by SIGKILL');
    await expect(session.load(g.makeProgram({ outputs: {} }))).rejects.toThrow(BackendError);
    await session.dispose();
    await backend.dispose();
  });

  it('outlives signals to everybody, and ends when it is disposed of', async () => {
    const watched = watchedPython();
    const backend = await createJax({ python: watched.script });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2'] as const) process.kill(watched.pid(), signal);
    const session = await backend.open([{ name: 'w', dtype: 'f32', shape: [2] }]);
    expect(await read(session, 'w')).toEqual([0, 0]);
    await backend.dispose();
    expect(isAlive(watched.pid())).toBe(false);
  });

  it('does not outlive a parent that is killed in the middle of a computation', async () => {
    const watched = watchedPython();
    const parent = startModule(`
      import { jaxBackend } from ${JSON.stringify(compiled('backends/jax/index.js'))};
      import * as g from ${JSON.stringify(compiled('src/graph/index.js'))};
      const backend = await jaxBackend.create(jaxBackend.options.parse({ device: 'cpu', python: ${JSON.stringify(watched.script)} }));
      const session = await backend.open([{ name: 'w', dtype: 'f32', shape: [600, 600] }]);
      const w = g.state('w', 'f32', [600, 600]);
      const program = await session.load(g.makeProgram({ outputs: {}, next: { w: g.matmul(w, w) } }));
      setTimeout(() => console.log('running'), 100);
      await program.run(Array.from({ length: 100_000 }, () => ({})));
    `);
    await once(parent.stdout!, 'data');
    expect(isAlive(watched.pid())).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(watched.pid()));
  });
});
