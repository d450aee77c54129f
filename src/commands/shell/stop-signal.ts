import { InterruptedError } from '../../support/errors.js';

/** Ctrl-C, a scheduler's request to end, and Slurm's warning before the time limit. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGUSR2'] as const;
type StopSignal = (typeof STOP_SIGNALS)[number];

/** The part of `process` that signals come through. */
export interface SignalSource {
  readonly pid: number;
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  kill(pid: number, signal: StopSignal): unknown;
}

export interface StopRequest {
  /** Aborted, with an InterruptedError as reason, by the first signal. */
  readonly signal: AbortSignal;
  /** Gives the signals back to whoever had them. */
  release(): void;
}

/**
 * Turns the first stop signal into an aborted AbortSignal, so that work can end cleanly. A second one ends the process
 * at once, as it would have without this.
 */
export function listenForStop(onFirst: (signal: string) => void, source: SignalSource = process): StopRequest {
  const controller = new AbortController();
  const release = (): void => {
    for (const name of STOP_SIGNALS) source.off(name, onSignal);
  };
  const onSignal = (name: StopSignal): void => {
    if (controller.signal.aborted) {
      release();
      source.kill(source.pid, name);
      return;
    }
    onFirst(name);
    controller.abort(new InterruptedError(`stopped by ${name}`));
  };
  for (const name of STOP_SIGNALS) source.on(name, onSignal);
  return { signal: controller.signal, release };
}
