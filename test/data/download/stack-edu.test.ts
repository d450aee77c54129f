import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectRows } from '../../../src/data/download/row-selection.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { COMMIT, fakeHub, metadata, sha1 } from './fake-hub.js';
import type { Fault, SeenRequest } from './misbehaving-server.js';
import { download, recordsOf, stackEduRequest, textsOf } from './run-download.js';

const contentsOf = (language: string, count: number) =>
  Array.from({ length: count }, (_, i) => Buffer.from(`${language} number ${i} ${'x'.repeat((i * 13) % 40)}`));

const go = contentsOf('Go', 30);
const rust = contentsOf('Rust', 20);

function stackEdu({
  fault,
  lost = [],
}: {
  fault?: (request: SeenRequest) => Fault | undefined;
  /** Contents that the bucket does not have. */
  lost?: readonly Buffer[];
} = {}) {
  const dataset = {
    name: 'HuggingFaceTB/stack-edu',
    files: {
      'Go/train-00000-of-00002.parquet': metadata(go.slice(0, 18), 'Go'),
      'Go/train-00001-of-00002.parquet': metadata(go.slice(18), 'Go'),
      'Rust/train-00000-of-00001.parquet': metadata(rust, 'Rust'),
    },
    configs: ['Go', 'Rust'].map((config_name) => ({
      config_name,
      data_files: [{ split: 'train', path: `${config_name}/train-*` }],
    })),
  };
  return fakeHub(dataset, { contents: [...go, ...rust].filter((bytes) => !lost.includes(bytes)), fault });
}

const languages = ['Rust', 'Go'];
const chosen = (contents: readonly Buffer[], count: number) =>
  [...selectRows(contents.length, count, 42)].map((row) => contents[row]!.toString());
/** Of 16 documents, Go has 1917163 / 3052542 · 16 = 10.05 and Rust 5.95. */
const expected = [...chosen(go, 10), ...chosen(rust, 6)];

const output = () => join(temporaryDirectory(), 'data');

describe('downloading stack-edu', () => {
  it('takes the rows that the quotas and the seed choose, with their contents and all metadata', async () => {
    const server = await stackEdu();
    const folder = output();
    const { manifest } = await download(server, stackEduRequest(server, { samples: 16, languages }), {
      output: folder,
    });
    expect(textsOf(folder)).toEqual(expected);
    const first = selectRows(30, 10, 42)[0]!;
    expect(recordsOf(folder)[0]).toEqual({
      text: go[first]!.toString(),
      blob_id: sha1(go[first]!),
      language: 'Go',
      path: `src/${first}`,
      length_bytes: go[first]!.length,
    });
    expect(manifest.madeBy).toMatchObject({ commit: COMMIT, seed: 42, languages: { Go: 10, Rust: 6 } });
  });

  it('takes all of a language that has fewer', async () => {
    const server = await stackEdu();
    const folder = output();
    await download(server, stackEduRequest(server, { samples: 1000, languages: ['Rust'] }), { output: folder });
    expect(textsOf(folder)).toEqual(rust.map(String));
  });

  it('leaves contents out that the bucket does not have, and counts them', async () => {
    const lost = go.slice(0, 15);
    const server = await stackEdu({ lost });
    const folder = output();
    const { leftOut } = await download(server, stackEduRequest(server, { samples: 16, languages }), { output: folder });
    const left = expected.filter((text) => !lost.some((bytes) => bytes.toString() === text));
    expect(textsOf(folder)).toEqual(left);
    expect(leftOut).toEqual({ missing: 16 - left.length, empty: 0, bad: 0 });
  });

  it('keeps the order however the requests fail and overtake each other', async () => {
    const broken: Fault[] = [
      { answer: { status: 503, headers: { 'retry-after': '1' } } },
      { breakAfter: 10 },
      { stallAfter: 5 },
      { shortTo: 15 },
      { answer: { body: 'not gzip at all' } },
    ];
    const fault = ({ path, before }: SeenRequest): Fault | undefined => {
      const kind = path.charCodeAt(path.length - 1) % 7;
      return path.includes('/content/') && before < 2 ? broken[(kind + before) % 7] : undefined;
    };
    const server = await stackEdu({ fault });
    const folder = output();
    await download(server, stackEduRequest(server, { samples: 16, languages }), { output: folder, stallTimeout: 100 });
    expect(textsOf(folder)).toEqual(expected);
  });

  it('refuses a content that is damaged time and again, or counts it', async () => {
    const victim = sha1(Buffer.from(expected[3]!));
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.endsWith(victim) ? { answer: { body: 'not gzip at all' } } : undefined;
    const server = await stackEdu({ fault });
    const request = stackEduRequest(server, { samples: 16, languages });
    await expect(download(server, request)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('not readable as gzip'),
      location: { file: expect.stringMatching(/^Go\/train/), field: 'blob_id' },
    });
    const folder = output();
    const { leftOut } = await download(server, request, { output: folder, onBadRecord: 'skip' });
    expect(textsOf(folder)).toEqual(expected.filter((_, i) => i !== 3));
    expect(leftOut.bad).toBe(1);
  });

  it('tells that a bucket is another one', async () => {
    const server = await stackEdu({ lost: [...go, ...rust] });
    await expect(download(server, stackEduRequest(server, { samples: 4, languages }))).rejects.toMatchObject({
      message: expect.stringContaining('4 missing'),
      hint: expect.stringContaining('--contents'),
    });
    const body = '<Error><Code>NoSuchBucket</Code></Error>';
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.startsWith('/bucket') ? { answer: { status: 404, body } } : undefined;
    const none = await stackEdu({ fault });
    await expect(download(none, stackEduRequest(none, { samples: 4, languages }))).rejects.toMatchObject({
      code: 'download',
      hint: expect.stringContaining('--contents'),
    });
  });

  it('sends no token to the bucket', async () => {
    const bucket = await stackEdu();
    const hub = await stackEdu();
    const request = stackEduRequest(bucket, { samples: 4, languages });
    await download(hub, request, { environment: { HF_TOKEN: 'hf_secret' } });
    expect(bucket.seen).toHaveLength(4);
    expect(bucket.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });
});
