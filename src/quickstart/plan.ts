import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../support/atomic-files.js';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';

/*
 * What a quickstart does is decided once, from the time it may take and the speed of the machine, and written down: a
 * quickstart that was stopped goes on with the same plan.
 */

/** Sequences of one optimizer step and symbols of each, the same for all models: steps that cost the same. */
export const BATCH = { size: 8, sequenceLength: 256 } as const;
const SYMBOLS_PER_STEP = BATCH.size * BATCH.sequenceLength;

/** Models that are trained; each is evaluated before and after. */
const MODELS = 2;

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
  /** Measured on this machine. */
  secondsPerStep: z.number().positive(),
  /** Optimizer steps of each model. */
  steps: z.int().positive(),
  /** Bytes of text to hold out. */
  heldOutBytes: z.int().positive(),
  source: z.strictObject({
    title: z.string(),
    directories: z.array(z.string()).min(1),
    extensions: z.array(z.string()).nullable(),
  }),
});

export type QuickstartPlan = z.infer<typeof planSchema>;

/** As many steps and as much held-out text as fit into the time at the measured speed. */
export function fitToTime(
  minutes: number,
  secondsPerStep: number,
): Pick<QuickstartPlan, 'minutes' | 'secondsPerStep' | 'steps' | 'heldOutBytes'> {
  const seconds = 60 * minutes;
  const steps = Math.floor((TRAINING_SHARE * seconds) / (MODELS * secondsPerStep));
  // A raw byte is a symbol.
  const secondsPerByte = (SCORING_COST * secondsPerStep) / SYMBOLS_PER_STEP;
  const heldOut = (EVALUATION_SHARE * seconds) / (2 * MODELS * secondsPerByte);
  return {
    minutes,
    secondsPerStep,
    steps: Math.max(LEAST_STEPS, steps),
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
