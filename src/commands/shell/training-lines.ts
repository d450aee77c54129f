import type { FailedSave } from '../../training/checkpoint-saver.js';
import type { TrainingMetrics } from '../../training/metrics.js';
import type { TrainingObserver, TrainingSummary } from '../../training/trainer.js';
import { describeDuration } from './progress.js';

/** One line of progress: `step 120 of 1000 · loss 2.1034 · 3.035 bits/byte · 5.1 k symbols/s · …` */
export function describeMetrics({
  step,
  steps,
  metrics,
  secondsLeft,
}: {
  step: number;
  steps: number;
  metrics: TrainingMetrics;
  secondsLeft: number;
}): string {
  const parts = [
    `step ${step} of ${steps}`,
    `loss ${metrics.loss.toFixed(4)}`,
    ...known(metrics.bits_per_byte, (value) => `${value.toFixed(3)} bits/byte`),
    `${thousands(metrics.tokens_per_second)} symbols/s`,
    `${thousands(metrics.bytes_per_second)} bytes/s`,
    ...known(metrics.share_of_peak, describeShareOfPeak),
    `rate ${metrics.compression_rate.toFixed(2)}`,
    `${describeDuration(secondsLeft)} left`,
  ];
  return parts.join(' · ');
}

/** More than all of the peak is a sign that the machine was busier when the peak was measured, before the first step. */
function describeShareOfPeak(share: number): string {
  const percent = `${(100 * share).toFixed(0)} %`;
  return share > 1 ? `${percent} of a peak that was measured too low` : `${percent} of peak`;
}

/** Shows a run as lines, with the time that is left. */
export function trainingObserver(show: (line: string) => void): TrainingObserver {
  let started = performance.now();
  let firstStep = 0;
  return {
    onStart: ({ step, steps, parameters, replicas, peak }) => {
      started = performance.now();
      firstStep = step;
      show(
        [
          `${parameters.toLocaleString('en')} parameters`,
          ...(replicas > 1 ? [`${replicas} replicas`] : []),
          `steps ${step} to ${steps}`,
          `matrix products at ${(peak / 1e9).toFixed(0)} GFLOP/s`,
        ].join(', '),
      );
    },
    onStep: ({ step, steps, metrics }) => {
      if (!metrics) return;
      const secondsPerStep = (performance.now() - started) / 1000 / (step - firstStep);
      show(describeMetrics({ step, steps, metrics, secondsLeft: (steps - step) * secondsPerStep }));
    },
    onValidation: ({ step, bitsPerByte, isRaw }) => {
      const measured = isRaw ? 'as raw bytes' : 'in the training representation: no raw text is trained on';
      show(`step ${step}: ${bitsPerByte.toFixed(4)} bits per byte of held-out text, ${measured}`);
    },
    onCheckpoint: (path) => show(`saved ${path}`),
    onSaveFailure: (failure) => {
      const line = describeFailedSave(failure);
      show(line);
      // Seen also by who does not look at the list, and under --json.
      process.stderr.write(`Warning: ${line}\n`);
    },
  };
}

export function describeSummary(summary: TrainingSummary): string[] {
  const figures = [
    ...known(summary.loss, (value) => `loss ${value.toFixed(4)}`),
    ...known(summary.bitsPerByte, (value) => `${value.toFixed(3)} bits per byte of training text`),
    `${thousands(summary.totalSymbols)} symbols`,
    `${thousands(summary.totalBytes)} bytes`,
  ];
  return [
    `${summary.finished ? 'Trained' : 'Stopped'} after step ${summary.step}: ${figures.join(', ')}`,
    ...(summary.checkpoint === '' ? [] : [`Checkpoint: ${summary.checkpoint}`]),
    ...summary.failedSaves.map((failure) => `Warning: ${describeFailedSave(failure)}`),
  ];
}

function describeFailedSave({ step, reason, safe }: FailedSave): string {
  return `NO CHECKPOINT OF STEP ${step}: ${reason}. Training went on; the newest checkpoint then was ${safe}`;
}

const known = (value: number | null, show: (value: number) => string): string[] =>
  value === null || Number.isNaN(value) ? [] : [show(value)];

/** `950`, `1.5 k`, `2.0 M` */
export function thousands(value: number): string {
  if (value < 1000) return value.toFixed(0);
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} k`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} M` : `${(value / 1e9).toFixed(2)} G`;
}
