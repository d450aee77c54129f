import type { HttpClock } from './http-clock.js';

/** Waiting before the second attempt and at most, in milliseconds. */
const FIRST_BACKOFF = 1000;
const LONGEST_BACKOFF = 60_000;

/**
 * How long to wait after a failed attempt, in milliseconds: exponential backoff with full jitter, so that many
 * requests that failed together do not come back together (M. Brooker, "Exponential Backoff And Jitter", 2015).
 *
 * @param attempt the one that failed, from 1
 * @param random uniform in [0, 1)
 */
export function backoff(attempt: number, random: number): number {
  return random * Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (attempt - 1));
}

/**
 * The header `Retry-After` in milliseconds from now, or null where there is none that can be read (RFC 9110 §10.2.3:
 * seconds or a date).
 */
export function retryAfter(header: string | null, date: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, until - date);
}

/** Spaces requests evenly, and holds all of them back when a server asks for a pause. */
export class Pace {
  private next = 0;
  private pausedUntil = 0;

  /** @param requestsPerSecond null for as fast as they come */
  constructor(
    private readonly requestsPerSecond: number | null,
    private readonly clock: HttpClock,
  ) {}

  /** Waits until one more request may begin. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    const interval = this.requestsPerSecond === null ? 0 : 1000 / this.requestsPerSecond;
    let at = Math.max(this.clock.now(), this.next);
    this.next = at + interval;
    for (;;) {
      at = Math.max(at, this.pausedUntil);
      const wait = at - this.clock.now();
      if (wait <= 0) return;
      await this.clock.sleep(wait, signal);
    }
  }

  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + milliseconds);
  }
}
