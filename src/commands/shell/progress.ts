/** How far some work is. */
export interface Progress {
  done: number;
  /** Unknown until the work has been counted. */
  total?: number;
  /** What is counted: `bytes` are shown as kB, MB, GB; anything else by its name. */
  unit: string;
  /** What was done before the work went on here: it tells nothing of the rate. */
  before?: number;
  /** Bytes that came over the network: their rate is shown in place of the other. */
  received?: number;
}

/** Shows progress, at most once in `interval` milliseconds, so that terminals and log files stay readable. */
export class ProgressReporter {
  private readonly started: number;
  private shown: number;

  constructor(
    private readonly show: (line: string) => void,
    private readonly interval: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.started = now();
    this.shown = this.started;
  }

  report(progress: Progress): void {
    const now = this.now();
    if (now - this.shown < this.interval) return;
    this.shown = now;
    this.show(describeProgress(progress, (now - this.started) / 1000));
  }
}

/** `12.0 MB of 40.0 MB · 3.1 MB/s · 9 s left` */
export function describeProgress(
  { done, total, unit, before = 0, received }: Progress,
  elapsedSeconds: number,
): string {
  const rate = elapsedSeconds > 0 ? (done - before) / elapsedSeconds : 0;
  const parts = [total === undefined ? amount(done, unit) : `${amount(done, unit)} of ${amount(total, unit)}`];
  if (received !== undefined && elapsedSeconds > 0) {
    parts.push(`${amount(received, 'bytes')} received, ${amount(received / elapsedSeconds, 'bytes')}/s`);
  } else if (rate > 0) parts.push(`${amount(rate, unit)}/s`);
  if (rate > 0 && total !== undefined) parts.push(`${describeDuration(Math.max(0, total - done) / rate)} left`);
  return parts.join(' · ');
}

/** `9 s`, `3 min 20 s`, `2 h 05 min` */
export function describeDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

const two = (value: number): string => String(value).padStart(2, '0');

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

export function amount(value: number, unit: string): string {
  if (unit !== 'bytes')
    return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toPrecision(2)} ${unit}`;
  const step = Math.min(BYTE_UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${(value / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${BYTE_UNITS[step]}`;
}
