import { setTimeout as sleepFor } from 'node:timers/promises';

/** Time and chance as the network code sees them, so that its tests need neither. */
export interface HttpClock {
  /** Milliseconds since some fixed instant. */
  now(): number;
  /** Milliseconds since 1970, which dates in headers are compared with. */
  date(): number;
  /** @throws the reason of the signal if that is aborted before the time is over */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

export const SYSTEM_CLOCK: HttpClock = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await sleepFor(milliseconds, undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
  random: () => Math.random(),
};
