import { describe, expect, it } from 'vitest';
import { collect, HttpClient, type HttpOptions, type HttpRequest } from '../../../src/data/download/http-client.js';
import { type Fault, type SeenRequest, serve } from './misbehaving-server.js';
import { hurriedClock } from './run-download.js';

/** A server of one text, a client of it, and the waits it asked for. */
async function between(
  fault: (request: SeenRequest) => Fault | undefined,
  { text = 'the whole text', ...options }: Partial<HttpOptions> & { text?: string } = {},
) {
  const server = await serve(() => ({ body: text }), fault);
  const clock = hurriedClock();
  const http = new HttpClient({
    concurrency: 8,
    attempts: 4,
    stallTimeout: 60_000,
    requestsPerSecond: null,
    clock,
    ...options,
  });
  const url = new URL('/file', server.url);
  const get = (request: Partial<HttpRequest> = {}) =>
    http.get({ url, ...request }, async (response) => (await collect(response, 1000, url)).toString());
  return { server, get, clock };
}

const firstly =
  (count: number, fault: Fault) =>
  ({ before }: SeenRequest): Fault | undefined =>
    before < count ? fault : undefined;

describe('HttpClient', () => {
  it.each([408, 429, 500, 502, 503, 504])('tries again after %d, with growing pauses', async (status) => {
    const { server, get, clock } = await between(firstly(3, { answer: { status } }));
    expect(await get()).toBe('the whole text');
    expect(server.seen).toHaveLength(4);
    // Half of 1 s, 2 s and 4 s, as the clock's chance is always ½.
    expect(clock.slept).toEqual([500, 1000, 2000]);
  });

  it('waits as long as the server asks', async () => {
    const answer = { status: 429, headers: { 'retry-after': '7' } };
    const { get, clock } = await between(firstly(1, { answer }));
    await get();
    expect(clock.slept).toEqual([7000]);
  });

  it('waits longer each time where the server asks for no wait', async () => {
    const answer = { status: 429, headers: { 'retry-after': '0' } };
    const { get, clock } = await between(firstly(2, { answer }));
    await get();
    expect(clock.slept).toEqual([500, 1000]);
  });

  it('waits until the date that the server names', async () => {
    const answer = { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' } };
    const { get, clock } = await between(firstly(1, { answer }));
    await get();
    expect(clock.slept).toEqual([60_000]);
  });

  it('holds all requests back when one is asked to wait', async () => {
    const answer = { status: 429, headers: { 'retry-after': '9' } };
    const { server, get, clock } = await between(firstly(1, { answer }));
    await get();
    await Promise.all([get(), get()]);
    expect(clock.slept).toEqual([9000]);
    expect(server.seen).toHaveLength(4);
  });

  it('gives up where it would have to wait for hours', async () => {
    const { get } = await between(() => ({ answer: { status: 429, headers: { 'retry-after': '7200' } } }));
    await expect(get()).rejects.toMatchObject({ code: 'download', message: expect.stringMatching(/in 120 minutes/) });
  });

  it('tells after the last attempt what went wrong, without the query', async () => {
    const { server, get } = await between(() => ({ answer: { status: 503 } }));
    const url = new URL('/file?signature=secret', server.url);
    await expect(get({ url })).rejects.toMatchObject({
      code: 'download',
      message: `${server.url}/file cannot be fetched: the server answers 503 (tried 4 times)`,
    });
    expect(server.seen).toHaveLength(4);
  });

  it('tries again when the connection breaks in the middle', async () => {
    const { get } = await between(firstly(2, { breakAfter: 5 }));
    expect(await get()).toBe('the whole text');
  });

  it('gives an attempt up when the server falls silent', async () => {
    // On a busy machine a later attempt may seem silent too, so there are plenty.
    const { server, get } = await between(firstly(1, { stallAfter: 5 }), { stallTimeout: 50, attempts: 100 });
    expect(await get()).toBe('the whole text');
    expect(server.seen.length).toBeGreaterThanOrEqual(2);
  });

  it('has no more requests under way than are allowed', async () => {
    let underWay = 0;
    let most = 0;
    const server = await serve(() => ({ body: 'x' }));
    const clock = hurriedClock();
    const http = new HttpClient({ concurrency: 3, attempts: 1, stallTimeout: 5000, requestsPerSecond: null, clock });
    let allAtWork = (): void => {};
    const full = new Promise<void>((resolve) => {
      allAtWork = resolve;
    });
    const get = () =>
      http.get({ url: new URL(server.url) }, async () => {
        most = Math.max(most, ++underWay);
        // All that are allowed wait for each other, and then give one too many the time to show.
        if (underWay === 3) setTimeout(allAtWork, 20);
        await full;
        underWay--;
      });
    await Promise.all(Array.from({ length: 12 }, get));
    expect(server.seen).toHaveLength(12);
    expect(most).toBe(3);
  });

  it('tells that nothing listens there', async () => {
    const { server, get } = await between(() => undefined, { attempts: 2 });
    await server.close();
    await expect(get()).rejects.toMatchObject({ message: expect.stringMatching(/ECONNREFUSED.*tried 2 times/) });
  });

  it('refuses a body that is larger than anything expected', async () => {
    const { server, get } = await between(() => undefined, { text: 'x'.repeat(2000) });
    await expect(get()).rejects.toMatchObject({ message: expect.stringMatching(/more than the 1000 bytes/) });
    expect(server.seen).toHaveLength(1);
  });

  it('sends the token to the server it is for, also after a redirect within', async () => {
    const within = { answer: { status: 302, headers: { location: '/elsewhere' } } };
    const { server, get } = await between(({ path }) => (path === '/file' ? within : undefined));
    await get({ authorization: 'Bearer secret' });
    expect(server.seen.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/file', 'Bearer secret'],
      ['/elsewhere', 'Bearer secret'],
    ]);
  });

  it('never sends the token to another server, nor back again from there', async () => {
    const home = await between(({ path }) =>
      path === '/file' ? { answer: { status: 302, headers: { location: `${foreign.server.url}/file` } } } : undefined,
    );
    const foreign = await between(() => ({ answer: { status: 307, headers: { location: `${home.server.url}/end` } } }));
    expect(await home.get({ authorization: 'Bearer secret' })).toBe('the whole text');
    expect(home.server.seen.map(({ authorization }) => authorization)).toEqual(['Bearer secret', undefined]);
    expect(foreign.server.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('does not run in circles', async () => {
    const { get } = await between(() => ({ answer: { status: 302, headers: { location: '/file' } } }));
    await expect(get()).rejects.toMatchObject({ message: expect.stringMatching(/redirects more than 10 times/) });
  });

  it('stops at once when the user does, also while it waits', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const { get } = await between(
      () => {
        setTimeout(() => stop.abort(reason), 20);
        return { stallAfter: 3 };
      },
      { signal: stop.signal },
    );
    await expect(get()).rejects.toBe(reason);
  });
});
