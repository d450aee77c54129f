import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { declarations, type Program, sameShape } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { adopt, publish, sum } from './exchange.js';
import { type LoweredProgram, lowerProgram } from './lower-program.js';
import { cpuLowerings } from './lowering.js';
import type { RequestName, Requests, SessionSettings } from './protocol.js';
import type { SessionState } from './session-state.js';
import { fromOrt, StateStore, toOrt } from './state.js';
import { webgpuLowerings } from './webgpu-lowering.js';
import { WebgpuState } from './webgpu-state.js';

/** A snapshot is read between the steps of a run: in few messages, that it does not take as many steps as tensors. */
const SNAPSHOT_MESSAGE_BYTES = 1 << 26;

interface Loaded {
  session: InferenceSession;
  lowered: LoweredProgram;
  inputs: Map<string, StateSpec>;
}

/** What carries out each request, other than to open a session. */
export type SessionHandlers = {
  [Name in Exclude<RequestName, 'open'>]: (
    body: Requests[Name]['request'],
  ) => Promise<Requests[Name]['reply']> | Requests[Name]['reply'];
};

/** A session within the thread that owns it: its state, and the programs that run on it. */
export class WorkerSession {
  private readonly state: SessionState;
  private readonly loaded = new Map<number, Loaded>();
  private loadCount = 0;

  constructor(
    specs: readonly StateSpec[],
    private readonly settings: SessionSettings,
  ) {
    this.state = settings.device === 'webgpu' ? new WebgpuState(specs) : new StateStore(specs);
  }

  readonly handlers: SessionHandlers = {
    load: ({ program, options }) => this.load(program, options),
    run: async ({ executable, steps }) => {
      const target = this.loaded.get(executable);
      if (!target) throw new BackendError('failed', 'the executable has been disposed of');
      const results: Outputs[] = [];
      for (const step of steps) results.push(await this.runStep(target, step));
      return results;
    },
    unload: async ({ executable }) => {
      const target = this.loaded.get(executable);
      this.loaded.delete(executable);
      await this.state.detach();
      target?.session.endProfiling();
      await target?.session.release();
      return null;
    },
    snapshot: ({ names }) => {
      const wanted = names ?? this.state.names;
      return { snapshot: this.state.beginSnapshot(wanted), names: wanted };
    },
    readSnapshot: async ({ snapshot, names }) => {
      const slices: StateSlice[] = [];
      let bytes = 0;
      for (const name of names) {
        if (slices.length > 0 && bytes >= SNAPSHOT_MESSAGE_BYTES) break;
        const slice = await this.state.readSnapshot(snapshot, name);
        bytes += slice.tensor.bytes.byteLength;
        slices.push(slice);
      }
      return slices;
    },
    endSnapshot: ({ snapshot }) => {
      this.state.endSnapshot(snapshot);
      return null;
    },
    write: async (slice) => {
      await this.state.write(slice);
      return null;
    },
    publish: (exchange) => {
      publish(this.hostState(), exchange);
      return null;
    },
    sum: (exchange) => {
      sum(this.hostState(), exchange);
      return null;
    },
    adopt: (exchange) => {
      adopt(this.hostState(), exchange);
      return null;
    },
    close: async () => {
      await this.state.dispose();
      for (const { session } of this.loaded.values()) await session.release();
      this.loaded.clear();
      return null;
    },
  };

  private async load(program: Program, options: LoadOptions): Promise<number> {
    this.checkState(program);
    const { device, threads, arena } = this.settings;
    const lowered = lowerProgram(program, { lowerings: device === 'webgpu' ? webgpuLowerings : cpuLowerings });
    const session = await InferenceSession.create(lowered.model, {
      // What WebGPU has no kernel for is computed by the CPU, which the runtime adds by itself.
      executionProviders: [device],
      ...(device === 'webgpu' && { preferredOutputLocation: locations(lowered) }),
      intraOpNumThreads: options.threads ?? threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableCpuMemArena: arena,
      // A plan of one block for all of a run would come beside what the first run took of the arena (docs/decisions/0140).
      enableMemPattern: false,
      logSeverityLevel: 4,
      ...(options.profile && { enableProfiling: true, profileFilePrefix: options.profile }),
    });
    const inputs = new Map(declarations(program, 'input').map((spec) => [spec.name, spec]));
    this.loaded.set(this.loadCount, { session, lowered, inputs });
    return this.loadCount++;
  }

  private checkState(program: Program): void {
    for (const { name, dtype, shape } of declarations(program, 'state')) {
      const spec = this.state.spec(name);
      if (spec.dtype !== dtype || !sameShape(spec.shape, shape))
        throw new BackendError(
          'corrupt-program',
          `the program reads state ${name} as ${dtype} [${shape}], the session holds ${spec.dtype} [${spec.shape}]`,
        );
    }
    for (const name of Object.keys(program.next)) this.state.spec(name);
  }

  private async runStep({ session, lowered, inputs }: Loaded, step: Inputs): Promise<Outputs> {
    const { state } = this;
    const feeds: Record<string, Tensor> = {};
    for (const name of lowered.inputs) feeds[`input.${name}`] = toOrt(checkInput(inputs.get(name)!, step[name]));
    const targets = lowered.writes.map(({ state: name, inPlace }) => state.target(name, inPlace));
    for (const [name, entry] of Object.entries(lowered.reads)) feeds[name] = await state.current(entry);
    const fetches: Record<string, Tensor | null> = {};
    for (const name of Object.keys(lowered.outputs)) fetches[name] = null;
    for (const [index, { output }] of lowered.writes.entries()) fetches[output] = targets[index]!;
    const results = await session.run(feeds, fetches);
    for (const { state: name, output, inPlace } of lowered.writes) state.accept(name, results[output]!, inPlace);
    return Object.fromEntries(
      Object.entries(lowered.outputs).map(([output, name]) => [name, fromOrt(results[output]!)]),
    );
  }

  /** Replicas exchange state in host memory. */
  private hostState(): StateStore {
    if (this.state instanceof StateStore) return this.state;
    throw new BackendError('unsupported-operation', `replicas do not share state that lies on ${this.settings.device}`);
  }
}

/** Next values of state stay on the GPU; results are read. */
function locations({ outputs, writes }: LoweredProgram): Record<string, 'cpu' | 'gpu-buffer'> {
  const ofResults = Object.keys(outputs).map((output) => [output, 'cpu'] as const);
  return Object.fromEntries([...ofResults, ...writes.map(({ output }) => [output, 'gpu-buffer'] as const)]);
}

function checkInput(spec: StateSpec, given: Inputs[string] | undefined): Inputs[string] {
  if (!given) throw new BackendError('failed', `no value was given for input ${spec.name}`);
  if (given.dtype !== spec.dtype || !sameShape(given.shape, spec.shape))
    throw new BackendError(
      'failed',
      `input ${spec.name} is ${spec.dtype} [${spec.shape}], not ${given.dtype} [${given.shape}]`,
    );
  return given;
}
