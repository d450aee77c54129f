import type { DryRun } from '../../training/dry-run.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';
import { thousands } from './training-lines.js';

/** What a run would take, one line a thing. */
export function describeDryRun(run: DryRun): string[] {
  const { memory, devices, replicas, secondsPerStep, seconds } = run;
  const on = devices.map(({ id, description }) => `${id} (${description})`).join(', ');
  return alignColumns([
    ['parameters', run.parameters.toLocaleString('en')],
    ['steps', `${run.steps.toLocaleString('en')} of ${run.symbolsPerStep.toLocaleString('en')} symbols`],
    ['arithmetic', `${thousands(run.flopsPerStep)} floating-point operations a step`],
    ['device', replicas > 1 ? `${on}, ${replicas} replicas` : on],
    [
      'memory',
      memory.peak === null
        ? `${gibibytes(memory.state)} of parameters and moments; the backend does not say what steps take beside them`
        : `${gibibytes(memory.peak)} at most, ${gibibytes(memory.state)} of them parameters and moments; the machine has ${gibibytes(memory.machine)}`,
    ],
    [
      'time',
      secondsPerStep === null || seconds === null
        ? 'not measured: the run does not fit in memory'
        : `${secondsPerStep.toPrecision(3)} s a step, ${describeDuration(seconds)} in all, without validation and checkpoints`,
    ],
  ]);
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
