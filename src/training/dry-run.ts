import { totalmem } from 'node:os';
import { byteLength } from '../graph/index.js';
import { parameterCount } from '../models/index.js';
import type { DeviceInfo, SessionWork } from '../plugins/contracts.js';
import { closeAll } from '../support/close-all.js';
import { usedIds } from '../vocabulary/vocabulary.js';
import { openModel, type TrainingRequest } from './prepare-run.js';
import { measureSecondsPerStep } from './step-time.js';
import { plannedSessions } from './training-session.js';

/** What a run would take, found without its data. */
export interface DryRun {
  parameters: number;
  steps: number;
  /** Of an optimizer step. */
  symbolsPerStep: number;
  flopsPerStep: number;
  devices: DeviceInfo[];
  /** Copies of the model that train side by side. */
  replicas: number;
  memory: {
    /** Parameters, moments and sums of gradients, of all replicas, in bytes. */
    state: number;
    /** Most that is taken on the device at a time; null: the backend does not say. */
    peak: number | null;
    /** Of the machine. */
    machine: number;
  };
  /** Measured on random symbols; null: it was not measured, because the model does not fit. */
  secondsPerStep: number | null;
  /** Of all steps, without validation and checkpoints. */
  seconds: number | null;
}

/** A share of the machine's memory that leaves room for whatever else runs. */
const FITS = 0.9;

/** @throws what `train` throws for settings that contradict each other, and for a backend that does not work here */
export async function dryRun(
  request: Pick<TrainingRequest, 'settings' | 'registry' | 'onProblem'>,
  signal: AbortSignal,
): Promise<DryRun> {
  const { settings, registry, onProblem } = request;
  const opened: (() => Promise<unknown>)[] = [];
  try {
    const { model, layout } = await openModel(request, (close) => opened.push(close));
    const { name, ...options } = settings.backend;
    const backend = await registry.createBackend(name, options, onProblem);
    opened.push(() => backend.dispose());
    const sessions = plannedSessions(backend, { ...settings, model });
    const peak = backend.estimateMemory?.(sessions) ?? null;
    const { size, sequenceLength } = settings.batch;
    const symbolsPerStep = size * sequenceLength;
    const machine = totalmem();
    const fits = peak === null || backend.topology.devices.some(({ kind }) => kind !== 'cpu') || peak < FITS * machine;
    const secondsPerStep = fits ? await measureSecondsPerStep(settings, model, registry, { seconds: 0, signal }) : null;
    return {
      parameters: parameterCount(model.parameters),
      steps: settings.steps,
      symbolsPerStep,
      // Where raw heads are trained on a share of the symbols, most that it can be.
      flopsPerStep: symbolsPerStep * model.flops({ sequenceLength, rawShare: 1, usedIds: usedIds(layout) }),
      devices: backend.topology.devices,
      replicas: sessions.length,
      memory: { state: stateBytes(sessions), peak, machine },
      secondsPerStep,
      seconds: secondsPerStep === null ? null : secondsPerStep * settings.steps,
    };
  } finally {
    await closeAll(opened.reverse());
  }
}

function stateBytes(sessions: readonly SessionWork[]): number {
  const entries = sessions.flatMap(({ state }) => state);
  return entries.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
}
