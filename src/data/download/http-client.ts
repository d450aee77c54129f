import { setMaxListeners } from 'node:events';
import { DownloadError } from '../../support/errors.js';
import type { HttpClock } from './http-clock.js';
import { backoff, Pace, retryAfter } from './pacing.js';

export interface HttpOptions {
  /** Requests under way at once. */
  concurrency: number;
  /** Attempts for each request, the first included. */
  attempts: number;
  /** Longest silence of a server before an attempt is given up, in milliseconds. */
  stallTimeout: number;
  /** Null: as many as come. */
  requestsPerSecond: number | null;
  clock: HttpClock;
  signal?: AbortSignal;
  /** Hears of every byte of a body that arrives. */
  received?(bytes: number): void;
}

export interface HttpRequest {
  url: URL;
  /** Value of `Authorization`, for the server that `url` names and no other. */
  authorization?: string | null;
  /** Asked before every attempt: what an earlier one brought need not be asked for again. */
  headers?(): Record<string, string>;
  /** Asked after a failed attempt: whether the next goes on further than any before, so that this one does not count. */
  progressed?(): boolean;
}

export interface HttpResponse {
  status: number;
  headers: Headers;
  /** The body, once. @throws TransientFailure if it breaks off or stalls */
  body(): AsyncIterable<Uint8Array>;
}

/** Worth another attempt: a connection that broke, a server that is overloaded, a body that is not what it must be. */
export class TransientFailure extends Error {
  constructor(
    message: string,
    /** What the server asks to wait, in milliseconds. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

const TRANSIENT_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
/** A server that asks for more, in milliseconds, is better come back to. */
const LONGEST_PAUSE = 15 * 60_000;
/** Failures to connect that no further attempt mends: certificates that are not trusted. */
const PERMANENT = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_INVALID/;

/**
 * GET requests over the built-in `fetch`, repeated with backoff while they may still succeed. Redirects are followed
 * here, because a token must not reach another server than the one it is for.
 */
export class HttpClient {
  private readonly pace: Pace;
  private readonly slots: Slots;

  constructor(private readonly options: HttpOptions) {
    this.pace = new Pace(options.requestsPerSecond, options.clock);
    this.slots = new Slots(options.concurrency);
    // Every request under way listens for the user's stop.
    if (options.signal !== undefined) setMaxListeners(0, options.signal);
  }

  /**
   * @param read makes something of the answer; called for each attempt that got one, whatever its status, but those that
   *   ask to come back later. What it throws ends the request, unless it is a TransientFailure.
   * @throws DownloadError if no attempt succeeded; the reason of the signal if that is aborted
   */
  async get<T>(request: HttpRequest, read: (response: HttpResponse) => Promise<T>): Promise<T> {
    const { attempts, clock, signal } = this.options;
    for (let attempt = 1; ; attempt++) {
      await this.pace.turn(signal);
      try {
        return await this.attempt(request, read);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TransientFailure)) throw error;
        if (request.progressed?.() === true) attempt = 1;
        if (attempt >= attempts) throw exhausted(request.url, attempts, error);
        const asked = error.retryAfter;
        const pause = backoff(attempt, clock.random());
        if (asked === null) await clock.sleep(pause, signal);
        // Some servers ask for no wait at all, again and again.
        else if (asked <= LONGEST_PAUSE) this.pace.pause(Math.max(asked, pause));
        else throw tooLong(request.url, asked, error);
      }
    }
  }

  private async attempt<T>(request: HttpRequest, read: (response: HttpResponse) => Promise<T>): Promise<T> {
    await this.slots.take();
    const silence = new Silence(this.options.stallTimeout, this.options.signal);
    try {
      const response = await this.follow(request, silence);
      if (TRANSIENT_STATUS.has(response.status)) {
        const wait = retryAfter(response.headers.get('retry-after'), this.options.clock.date());
        throw new TransientFailure(`the server answers ${response.status}`, wait);
      }
      return await read({
        status: response.status,
        headers: response.headers,
        body: () => this.body(response, silence),
      });
    } finally {
      // Ends the body where it was not read, and the connection with it.
      silence.end();
      this.slots.give();
    }
  }

  private async follow(request: HttpRequest, silence: Silence): Promise<Response> {
    let { url } = request;
    let authorization = request.authorization ?? null;
    for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
      // Unencoded, so that lengths and ranges are those of the content.
      const headers = new Headers({ ...request.headers?.(), 'accept-encoding': 'identity', 'user-agent': USER_AGENT });
      if (authorization !== null) headers.set('authorization', authorization);
      const response = await silence.guard(() => fetch(url, { redirect: 'manual', headers, signal: silence.signal }));
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null) return response;
      await response.body?.cancel();
      const target = redirectTarget(url, location);
      if (target.origin !== url.origin) authorization = null;
      url = target;
    }
    throw new DownloadError(`${shown(request.url)} redirects more than ${MOST_REDIRECTS} times`, {
      hint: 'Check the address of the server.',
    });
  }

  private async *body(response: Response, silence: Silence): AsyncGenerator<Uint8Array> {
    if (response.body === null) return;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await silence.guard(() => reader.read());
      if (done) return;
      this.options.received?.(value.length);
      yield value;
    }
  }
}

/** Permissions to be under way, given in the order in which they were asked for. */
class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((given) => this.waiting.push(given));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}

const USER_AGENT = 'proxy-compression';

/** An address in messages: without the query, where servers put signatures. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * The body of an answer that is held in memory.
 *
 * @param room is waited for before more bytes are kept
 * @throws DownloadError if it is larger than `limit` bytes
 */
export async function collect(
  response: HttpResponse,
  limit: number,
  url: URL,
  room: (bytes: number) => Promise<void> = async () => {},
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body()) {
    length += piece.length;
    if (length > limit) {
      throw new DownloadError(`${shown(url)} sends more than the ${limit} bytes that were expected`, {
        hint: 'Check the address of the server.',
      });
    }
    await room(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const isSafe = target?.protocol === 'https:' || (target?.protocol === 'http:' && from.protocol === 'http:');
  if (target !== null && isSafe) return target;
  throw new DownloadError(`${shown(from)} redirects to an address that is not followed`, {
    hint: 'An encrypted connection is not left for an open one. Check the address of the server.',
  });
}

/** Aborts an attempt when nothing came for a while, or when the user stops. */
class Silence {
  private readonly controller = new AbortController();
  private readonly stop = () => this.controller.abort();
  private stalled = false;

  constructor(
    private readonly limit: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    outer?.addEventListener('abort', this.stop);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for the next sign of the server. @throws TransientFailure if it does not come or the connection fails */
  async guard<T>(wait: () => Promise<T>): Promise<T> {
    this.outer?.throwIfAborted();
    const timer = setTimeout(() => {
      this.stalled = true;
      this.controller.abort();
    }, this.limit);
    try {
      return await wait();
    } catch (error) {
      this.outer?.throwIfAborted();
      if (this.stalled) throw new TransientFailure(`the server was silent for ${this.limit / 1000} s`);
      const reason = reasonOf(error);
      if (PERMANENT.test(reason)) {
        throw new DownloadError(`no connection: ${reason}`, {
          hint: 'Check the certificate of the server; NODE_EXTRA_CA_CERTS names more that are trusted.',
          cause: error,
        });
      }
      throw new TransientFailure(reason);
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.outer?.removeEventListener('abort', this.stop);
    this.controller.abort();
  }
}

/** fetch says "fetch failed", and why only in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message.includes(code) ? cause.message : `${cause.message} (${code})`.trim();
}

function exhausted(url: URL, attempts: number, cause: TransientFailure): DownloadError {
  const times = attempts === 1 ? '' : ` (tried ${attempts} times)`;
  return new DownloadError(`${shown(url)} cannot be fetched: ${cause.message}${times}`, {
    hint: 'Check the connection (a proxy needs NODE_USE_ENV_PROXY=1 and Node 24), then run the same command again: it goes on where it stopped.',
    cause,
  });
}

function tooLong(url: URL, wait: number, cause: TransientFailure): DownloadError {
  return new DownloadError(`${url.origin} asks to come back in ${Math.ceil(wait / 60_000)} minutes`, {
    hint: 'Run the same command again then, perhaps with a lower --requests-per-second: it goes on where it stopped.',
    cause,
  });
}
