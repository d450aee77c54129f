import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { declarations, type Program } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSpec } from '../../src/plugins/contracts.js';
import {
  checkInput,
  checkState,
  type SessionHandlers,
  slicesOfMessage,
} from '../../src/plugins/session-thread/index.js';
import { BackendError } from '../../src/support/errors.js';
import { adopt, publish, sum } from './exchange.js';
import { type LoweredProgram, lowerProgram } from './lower-program.js';
import { cpuLowerings } from './lowering.js';
import type { OnnxruntimeRequests, SessionSettings } from './protocol.js';
import type { SessionState } from './session-state.js';
import { fromOrt, StateStore, toOrt } from './state.js';
import { webgpuLowerings } from './webgpu-lowering.js';
import { WebgpuState } from './webgpu-state.js';

interface Loaded {
  session: InferenceSession;
  lowered: LoweredProgram;
  inputs: Map<string, StateSpec>;
}

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

  readonly handlers: SessionHandlers<OnnxruntimeRequests> = {
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
    readSnapshot: ({ snapshot, names }) => slicesOfMessage(names, (name) => this.state.readSnapshot(snapshot, name)),
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
    checkState(program, (name) => this.state.spec(name));
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
