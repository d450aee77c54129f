import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeProgramFile } from '../../src/checkpoints/index.js';
import type { Program } from '../../src/graph/index.js';
import type {
  Executable,
  Inputs,
  LoadOptions,
  Outputs,
  Session,
  StateSlice,
  StateSpec,
} from '../../src/plugins/contracts.js';
import { writeFileAtomic } from '../../src/support/atomic-files.js';
import { BackendError } from '../../src/support/errors.js';
import { releasing } from '../../src/support/releasing-iterator.js';
import type { JaxEngine } from './engine.js';
import { rawBytes } from './frames.js';

type SliceDescription = Omit<StateSlice, 'tensor'> & { shape: number[] };

interface Snapshot {
  snapshot: number;
  slices: SliceDescription[];
}

/** This side of a session: every call is a message to the process that owns the state. */
export class JaxSession implements Session {
  private closed = false;

  private constructor(
    private readonly engine: JaxEngine,
    private readonly session: number,
    private readonly keepProgram: ProgramKeeper,
  ) {}

  static async open(engine: JaxEngine, state: StateSpec[], keepProgram: ProgramKeeper): Promise<JaxSession> {
    const { body } = await engine.request<{ session: number }>('open', { state });
    return new JaxSession(engine, body.session, keepProgram);
  }

  async load(program: Program, options: LoadOptions = {}): Promise<Executable> {
    if (options.profile !== undefined)
      throw new BackendError('unsupported-operation', 'the backend jax writes no profiles', {
        hint: 'Leave out --profile, or use the backend onnxruntime.',
      });
    const bytes = encodeProgramFile(program);
    await this.keepProgram(bytes);
    const { body } = await this.engine.request<{ executable: number }>('load', { session: this.session }, [
      rawBytes(bytes),
    ]);
    const { executable } = body;
    return {
      run: (steps) => this.run(executable, steps),
      dispose: async () => {
        await this.engine.request('unload', { executable });
      },
    };
  }

  private async run(executable: number, steps: readonly Inputs[]): Promise<Outputs[]> {
    const names = steps.map((inputs) => Object.keys(inputs));
    const given = steps.flatMap((inputs) => Object.values(inputs));
    const { body, tensors } = await this.engine.request<{ steps: string[][] }>(
      'run',
      { executable, steps: names },
      given,
    );
    let next = 0;
    return body.steps.map((outputs) => Object.fromEntries(outputs.map((name) => [name, tensors[next++]!])));
  }

  snapshot(names?: string[]): AsyncIterableIterator<StateSlice> {
    const begun = this.engine.request<Snapshot>('snapshot', { session: this.session, names: names ?? null });
    begun.catch(() => {}); // whoever iterates gets the failure
    let released = false;
    const release = async (): Promise<void> => {
      if (released || this.closed) return;
      released = true;
      const { snapshot } = (await begun).body;
      await this.engine.request('endSnapshot', { session: this.session, snapshot });
    };
    return releasing(this.readSnapshot(begun, release), release);
  }

  private async *readSnapshot(
    begun: Promise<{ body: Snapshot }>,
    release: () => Promise<void>,
  ): AsyncGenerator<StateSlice, undefined> {
    const { snapshot, slices } = (await begun).body;
    try {
      for (let first = 0; first < slices.length; ) {
        const { tensors } = await this.engine.request('readSnapshot', { session: this.session, snapshot, first });
        for (const tensor of tensors) {
          const { name, dtype, globalShape, offset } = slices[first++]!;
          yield { name, dtype, globalShape, offset, tensor };
        }
      }
    } finally {
      await release();
    }
  }

  async writeState(slices: AsyncIterable<StateSlice> | Iterable<StateSlice>): Promise<void> {
    for await (const { tensor, ...place } of slices)
      await this.engine.request('write', { session: this.session, ...place }, [tensor]);
    await this.engine.request('flush', { session: this.session });
  }

  async dispose(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    // An engine that has ended has no state left.
    await this.engine.request('close', { session: this.session }).catch(() => {});
  }
}

/** Told of every program before it is loaded. */
export type ProgramKeeper = (file: Uint8Array) => Promise<void>;

/** Writes programs as 000.safetensors, 001.safetensors, … into a directory; null: nowhere. */
export function programKeeper(directory: string | null): ProgramKeeper {
  let count = 0;
  return async (file) => {
    if (directory === null) return;
    const name = `${String(count++).padStart(3, '0')}.safetensors`;
    await mkdir(directory, { recursive: true });
    await writeFileAtomic(join(directory, name), file);
  };
}
