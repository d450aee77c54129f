import { parentPort } from 'node:worker_threads';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { declarations, type Program, sameShape } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { BackendError, type BackendFailure, PcError } from '../../src/support/errors.js';
import { adopt, publish, sum } from './exchange.js';
import { type LoweredProgram, lowerProgram } from './lower-program.js';
import type { ReplyMessage, RequestMessage, RequestName, Requests, SessionSettings } from './protocol.js';
import { fromOrt, StateStore, toOrt } from './state.js';

/**
 * The thread that owns a session's state and runs its programs: `InferenceSession.run` blocks its caller, and the main
 * thread must stay free for the terminal, signals and data.
 */

/** A snapshot is read between the steps of a run: in few messages, that it does not take as many steps as tensors. */
const SNAPSHOT_MESSAGE_BYTES = 1 << 26;

interface Loaded {
  session: InferenceSession;
  lowered: LoweredProgram;
  inputs: Map<string, StateSpec>;
}

let store = new StateStore([]);
let settings: SessionSettings = { threads: 1, arena: true };
const loaded = new Map<number, Loaded>();
let loadCount = 0;

type Handlers = {
  [Name in RequestName]: (
    body: Requests[Name]['request'],
  ) => Promise<Requests[Name]['reply']> | Requests[Name]['reply'];
};

const handlers: Handlers = {
  open: (body) => {
    store = new StateStore(body.state);
    settings = body.settings;
    return null;
  },
  load: ({ program, options }) => load(program, options),
  run: async ({ executable, steps }) => {
    const target = loaded.get(executable);
    if (!target) throw new BackendError('failed', 'the executable has been disposed of');
    const results: Outputs[] = [];
    for (const step of steps) results.push(await runStep(target, step));
    return results;
  },
  unload: async ({ executable }) => {
    const target = loaded.get(executable);
    loaded.delete(executable);
    target?.session.endProfiling();
    await target?.session.release();
    return null;
  },
  snapshot: ({ names }) => {
    const wanted = names ?? store.names;
    return { snapshot: store.beginSnapshot(wanted), names: wanted };
  },
  readSnapshot: ({ snapshot, names }) => {
    const slices: StateSlice[] = [];
    let bytes = 0;
    for (const name of names) {
      if (slices.length > 0 && bytes >= SNAPSHOT_MESSAGE_BYTES) break;
      const slice = store.readSnapshot(snapshot, name);
      bytes += slice.tensor.bytes.byteLength;
      slices.push(slice);
    }
    return slices;
  },
  endSnapshot: ({ snapshot }) => {
    store.endSnapshot(snapshot);
    return null;
  },
  write: (slice) => {
    store.write(slice);
    return null;
  },
  publish: (exchange) => {
    publish(store, exchange);
    return null;
  },
  sum: (exchange) => {
    sum(store, exchange);
    return null;
  },
  adopt: (exchange) => {
    adopt(store, exchange);
    return null;
  },
};

async function load(program: Program, options: LoadOptions): Promise<number> {
  checkState(program);
  const lowered = lowerProgram(program);
  const session = await InferenceSession.create(lowered.model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableCpuMemArena: settings.arena,
    // A plan of one block for all of a run would come beside what the first run took of the arena (docs/decisions/0140).
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(options.profile && { enableProfiling: true, profileFilePrefix: options.profile }),
  });
  const inputs = new Map(declarations(program, 'input').map((spec) => [spec.name, spec]));
  loaded.set(loadCount, { session, lowered, inputs });
  return loadCount++;
}

function checkState(program: Program): void {
  for (const { name, dtype, shape } of declarations(program, 'state')) {
    const spec = store.spec(name);
    if (spec.dtype !== dtype || !sameShape(spec.shape, shape))
      throw new BackendError(
        'corrupt-program',
        `the program reads state ${name} as ${dtype} [${shape}], the session holds ${spec.dtype} [${spec.shape}]`,
      );
  }
  for (const name of Object.keys(program.next)) store.spec(name);
}

async function runStep({ session, lowered, inputs }: Loaded, step: Inputs): Promise<Outputs> {
  const feeds: Record<string, Tensor> = {};
  for (const name of lowered.inputs) feeds[`input.${name}`] = toOrt(checkInput(inputs.get(name)!, step[name]));
  const targets = lowered.writes.map(({ state, inPlace }) => store.target(state, inPlace));
  for (const [name, state] of Object.entries(lowered.reads)) feeds[name] = store.current(state);
  const fetches: Record<string, Tensor | null> = {};
  for (const name of Object.keys(lowered.outputs)) fetches[name] = null;
  for (const [index, { output }] of lowered.writes.entries()) fetches[output] = targets[index]!;
  const results = await session.run(feeds, fetches);
  for (const { state, inPlace } of lowered.writes) if (!inPlace) store.advance(state);
  return Object.fromEntries(Object.entries(lowered.outputs).map(([output, name]) => [name, fromOrt(results[output]!)]));
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

/** The runtime reports failures as text alone; these are the phrases it uses. */
const FAILURES: readonly [RegExp, BackendFailure, string][] = [
  [
    /bad_alloc|failed to allocate|out of memory|not enough memory|Array buffer allocation failed/i,
    'out-of-memory',
    'Use a smaller batch.size, more batch.accumulation, or a smaller model.',
  ],
  [
    /not.?implemented|could not find an implementation|is not a registered (function|op)/i,
    'unsupported-operation',
    'Choose another backend; `pc backends` lists them.',
  ],
  [
    /protobuf|load model|invalid.?graph|type error|shape inference|incompatible dimensions|unspecified/i,
    'corrupt-program',
    'Make the program again with this version.',
  ],
];

function describe(error: unknown): Extract<ReplyMessage, { error: unknown }>['error'] {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BackendError)
    return { failure: error.failure, message, details: { ...error.location, ...(error.hint && { hint: error.hint }) } };
  if (error instanceof PcError)
    return {
      failure: 'corrupt-program',
      message,
      details: { ...error.location, ...(error.hint && { hint: error.hint }) },
    };
  const known = FAILURES.find(([phrase]) => phrase.test(message));
  return {
    failure: known?.[1] ?? 'failed',
    message: `ONNX Runtime: ${message}`,
    details: known ? { hint: known[2] } : {},
  };
}

/** Buffers of a reply that can be handed over instead of copied: results, never state. */
function transferable(name: RequestName, result: unknown): ArrayBuffer[] {
  const tensors =
    name === 'run'
      ? (result as Outputs[]).flatMap((outputs) => Object.values(outputs))
      : name === 'readSnapshot'
        ? (result as Requests['readSnapshot']['reply']).map(({ tensor }) => tensor)
        : [];
  return tensors
    .map(({ bytes }) => bytes.buffer)
    .filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}

const port = parentPort;
if (!port) throw new Error('this module runs in a worker thread');

/** Requests are served one after the other, in order of arrival. */
let queue: Promise<void> = Promise.resolve();
port.on('message', ({ id, name, body }: RequestMessage) => {
  queue = queue.then(async () => {
    try {
      const result = await (handlers[name] as (body: unknown) => unknown)(body);
      port.postMessage({ id, result } as ReplyMessage, transferable(name, result));
    } catch (error) {
      port.postMessage({ id, error: describe(error) } satisfies ReplyMessage);
    }
  });
});
// Nobody knows which request it was: the session ends with the error.
port.on('messageerror', (error) => {
  throw error;
});
