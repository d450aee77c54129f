import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../support/atomic-files.js';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';

/*
 * What a quickstart does is decided once, from the time it may take and the speed of the machine, and written down: a
 * quickstart that was stopped goes on with the same plan.
 */

/** Sequences of one optimizer step and symbols of each, the same for all models. */
export const BATCH = { size: 8, sequenceLength: 256 } as const;
const SYMBOLS_PER_STEP = BATCH.size * BATCH.sequenceLength;

/** Shares of the time; what is left is for importing, opening sessions, the report and other programs. */
const TRAINING_SHARE = 0.65;
const EVALUATION_SHARE = 0.15;

/** Time of scoring a symbol as a share of training on it: one pass of three, and less well filled batches. */
const SCORING_COST = 0.5;

const LEAST_STEPS = 10;
const LEAST_HELD_OUT = 60_000;
const MOST_HELD_OUT = 500_000;

const planSchema = z.strictObject({
  minutes: z.number().positive(),
  /** Of each model, by name: what a step costs, measured on this machine, and how many it is trained for. */
  models: z.record(
    z.string(),
    z.strictObject({
      secondsPerStep: z.number().positive(),
      flopsPerStep: z.number().positive(),
      steps: z.int().positive(),
    }),
  ),
  /** Bytes of text to hold out. */
  heldOutBytes: z.int().positive(),
  source: z.strictObject({
    title: z.string(),
    directories: z.array(z.string()).min(1),
    extensions: z.array(z.string()).nullable(),
  }),
});

export type QuickstartPlan = z.infer<typeof planSchema>;

/** What one optimizer step of a model takes. */
export interface StepCost {
  secondsPerStep: number;
  flopsPerStep: number;
}

/**
 * As many steps and as much held-out text as fit into the time at the measured speeds. Every model has the same number of
 * floating-point operations, less what is left of a step, and is evaluated before and after.
 */
export function fitToTime(
  minutes: number,
  costs: Readonly<Record<string, StepCost>>,
): Pick<QuickstartPlan, 'minutes' | 'models' | 'heldOutBytes'> {
  const seconds = 60 * minutes;
  const all = Object.values(costs);
  const secondsPerFlop = all.reduce((sum, cost) => sum + cost.secondsPerStep / cost.flopsPerStep, 0);
  const flops = (TRAINING_SHARE * seconds) / secondsPerFlop;
  // A raw byte is a symbol.
  const secondsPerByte = all.reduce((sum, cost) => sum + (SCORING_COST * cost.secondsPerStep) / SYMBOLS_PER_STEP, 0);
  const heldOut = (EVALUATION_SHARE * seconds) / (2 * secondsPerByte);
  return {
    minutes,
    models: Object.fromEntries(
      Object.entries(costs).map(([name, cost]) => [
        name,
        { ...cost, steps: Math.max(LEAST_STEPS, Math.floor(flops / cost.flopsPerStep)) },
      ]),
    ),
    heldOutBytes: Math.round(Math.min(MOST_HELD_OUT, Math.max(LEAST_HELD_OUT, heldOut))),
  };
}

/** The plan of a quickstart that was begun; null where there is none. @throws DataError if the file is no plan */
export async function readPlan(file: string): Promise<QuickstartPlan | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    return planSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError('this is not the plan of a quickstart', {
      file,
      hint: 'Begin anew with --force, or choose another directory with -o.',
      cause,
    });
  }
}

export async function writePlan(file: string, plan: QuickstartPlan): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(plan, null, 2)}\n`);
}
