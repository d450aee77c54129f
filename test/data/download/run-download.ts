import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { downloadDataset } from '../../../src/data/download/download.js';
import type { HttpClock } from '../../../src/data/download/http-clock.js';
import {
  DOWNLOAD_DEFAULTS,
  type DownloadOptions,
  type HubDatasetRequest,
  type StackEduRequest,
} from '../../../src/data/download/options.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import type { TestServer } from './misbehaving-server.js';

/** A clock that waits for nothing, and what it was asked to wait, in milliseconds. */
export function hurriedClock(): HttpClock & { slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  const sleep = async (milliseconds: number, signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    slept.push(milliseconds);
    now += milliseconds;
  };
  return { slept, now: () => now, date: () => Date.parse('2026-01-01T00:00:00Z') + now, sleep, random: () => 0.5 };
}

export const hubRequest = (more: Partial<HubDatasetRequest> = {}): HubDatasetRequest => ({
  kind: 'hub',
  name: 'owner/name',
  config: null,
  split: 'train',
  revision: null,
  textColumn: null,
  keep: [],
  maxSamples: null,
  maxBytes: null,
  ...more,
});

export const stackEduRequest = (server: TestServer, more: Partial<StackEduRequest> = {}): StackEduRequest => ({
  kind: 'stack-edu',
  samples: DOWNLOAD_DEFAULTS.samples,
  languages: null,
  seed: DOWNLOAD_DEFAULTS.seed,
  revision: 'main',
  contents: `${server.url}/bucket`,
  ...more,
});

/** Downloads from a server of the test; every record is saved at once. */
export function download(
  server: TestServer,
  request: DownloadOptions['request'],
  {
    environment = {},
    clock = hurriedClock(),
    saveInterval = 0,
    ...options
  }: Partial<DownloadOptions> & {
    environment?: Record<string, string>;
    clock?: HttpClock;
    saveInterval?: number;
  } = {},
) {
  return downloadDataset(
    {
      ...DOWNLOAD_DEFAULTS,
      output: join(temporaryDirectory(), 'data'),
      endpoint: server.url,
      request,
      requestsPerSecond: null,
      onBadRecord: 'fail',
      force: false,
      restart: false,
      ...options,
    },
    // Without a token of whoever runs the tests.
    { environment: { HF_HOME: '/nonexistent', ...environment }, clock, saveInterval },
  );
}

export function recordsOf(dataset: string): Record<string, unknown>[] {
  return readdirSync(dataset)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(dataset, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export const textsOf = (dataset: string) => recordsOf(dataset).map(({ text }) => text);
