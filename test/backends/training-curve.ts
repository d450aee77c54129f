import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { buildInputs, createModel, modelOptions, vocabularySizes } from '../../src/models/index.js';
import type { Backend, Inputs } from '../../src/plugins/contracts.js';
import { initialParameters } from '../../src/training/initialise.js';
import { learningRateMultiplier } from '../../src/training/learning-rate.js';
import { lossOptions, optimOptions } from '../../src/training/options.js';
import { TrainingSession } from '../../src/training/training-session.js';
import { BOS, RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';

const ROOT = new URL('../../', import.meta.url);
/** Steps of the schedule, of which a curve may be a part. */
const SCHEDULE = 200;
/** A tenth of the preset's, at which differences in last bits grow by orders of magnitude within a curve. */
const LEARNING_RATE = 3e-4;
const ROWS = 8;
const LENGTH = 128;

export interface Curve {
  losses: number[];
  gradientNorms: number[];
}

/** Trains `evabyte-1m` on source code of this project, from the same weights and with the same batches always. */
export async function openCurve(backend: Backend): Promise<TrainingSession> {
  const session = await TrainingSession.open(backend, {
    model: evabyte(),
    batch: { size: ROWS, accumulation: 1, sequenceLength: LENGTH, rematerialise: false },
    loss: lossOptions.parse({}),
    optim: optim(),
  });
  await session.session.writeState(initialParameters(evabyte(), 1));
  return session;
}

/** Goes on with the curve. */
export async function continueCurve(
  session: TrainingSession,
  from: number,
  to: number,
  peak = LEARNING_RATE,
): Promise<Curve> {
  const factor = learningRateMultiplier(optim(), SCHEDULE);
  const curve: Curve = { losses: [], gradientNorms: [] };
  for (let step = from; step < to; step++) {
    const learningRate = peak * factor(step);
    const { loss, gradientNorm } = await session.step([batch(step)], { learningRate, updateNumber: step + 1 });
    curve.losses.push(loss);
    curve.gradientNorms.push(gradientNorm);
  }
  return curve;
}

/** Largest difference between two curves, in nats. */
export function largestGap(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new Error(`curves of ${a.length} and ${b.length} steps`);
  return Math.max(...a.map((value, step) => Math.abs(value - b[step]!)));
}

function preset(): { model: object; optim: object } {
  return parse(readFileSync(new URL('configs/models/evabyte-1m.yaml', ROOT), 'utf8'));
}

const evabyte = () => createModel(modelOptions.parse(preset().model), vocabularySizes(RAW_LIMIT));

const optim = () => optimOptions.parse({ ...preset().optim, epsilon: 1e-8 });

/** Documents of random lengths, each a piece of this file or of what it imports. */
const TEXT = ['src/graph/operations.ts', 'src/graph/composites.ts', 'src/training/training-session.ts']
  .map((file) => readFileSync(fileURLToPath(new URL(file, ROOT)), 'latin1'))
  .join('\n');

function batch(step: number): Inputs {
  const stride = LENGTH + 1;
  const sequences = Int32Array.from({ length: ROWS * stride }, (_, i) => {
    const place = (step * ROWS * stride + i) % TEXT.length;
    return i % 97 === 0 ? BOS : RAW_OFFSET + (TEXT.charCodeAt(place) & 255);
  });
  return buildInputs(
    { rows: ROWS, sequenceLength: LENGTH, views: 2, documentMask: true, multibyteWeights: null },
    sequences,
  );
}
