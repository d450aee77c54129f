import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { type Answer, type Fault, type SeenRequest, serve, type TestServer } from './misbehaving-server.js';

export const COMMIT = 'c'.repeat(40);
export const CONVERTED_COMMIT = 'd'.repeat(40);

export interface FakeDataset {
  name: string;
  /** By path. */
  files: Record<string, Uint8Array | string>;
  /** Of the card. */
  configs?: unknown[];
  /** Files of the branch with the hub's own conversion. */
  converted?: Record<string, Uint8Array | string>;
  /** Paths that are not kept as large files, and so have git's checksum. */
  small?: string[];
}

/** A hub with one dataset, and a bucket of contents at `/bucket`. */
export function fakeHub(
  dataset: FakeDataset,
  { contents = [], fault }: { contents?: Iterable<Buffer>; fault?: (request: SeenRequest) => Fault | undefined } = {},
): Promise<TestServer> {
  const archive = new Map([...contents].map((bytes) => [sha1(bytes), gzipSync(bytes)]));
  const { name } = dataset;
  const commits = new Map([[COMMIT, dataset.files]]);
  if (dataset.converted !== undefined) commits.set(CONVERTED_COMMIT, dataset.converted);
  const answer = (path: string): Answer => {
    const revision = path.startsWith(`/api/datasets/${name}/revision/`)
      ? decodeURIComponent(path.split('/').at(-1)!)
      : '';
    if (['main', 'v1', COMMIT].includes(revision)) return json({ sha: COMMIT, cardData: { configs: dataset.configs } });
    if (revision === 'refs/convert/parquet' && dataset.converted)
      return json({ sha: CONVERTED_COMMIT, cardData: null });
    if (revision !== '') return { status: 404, headers: { 'x-error-code': 'RevisionNotFound' } };
    for (const [commit, files] of commits) {
      if (path === `/api/datasets/${name}/tree/${commit}?recursive=true`) return json(tree(files, dataset.small ?? []));
      const file = path.split(`/datasets/${name}/resolve/${commit}/`)[1];
      if (file !== undefined && decodeURIComponent(file) in files) return { body: files[decodeURIComponent(file)]! };
    }
    const blob = archive.get(path.split('/bucket/content/')[1] ?? '');
    if (blob !== undefined) return { body: blob };
    if (path.startsWith('/bucket/')) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
    return { status: 404, headers: { 'x-error-code': 'RepoNotFound' } };
  };
  return serve(answer, fault);
}

/** A file with a column of texts, and others. */
export function parquet(columns: Record<string, unknown[]>, rowGroupSize = 4): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => ({
    name,
    data,
    type: TYPES[typeof data[0]] ?? ('STRING' as const),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

const TYPES: Readonly<Record<string, 'INT32' | 'INT64'>> = { number: 'INT32', bigint: 'INT64' };

/** The metadata of stack-edu for some contents. */
export function metadata(contents: readonly Buffer[], language: string, rowGroupSize = 4): Uint8Array {
  return parquet(
    {
      blob_id: contents.map(sha1),
      language: contents.map(() => language),
      path: contents.map((_, i) => `src/${i}`),
      length_bytes: contents.map(({ length }) => BigInt(length)),
    },
    rowGroupSize,
  );
}

export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

function tree(files: FakeDataset['files'], small: readonly string[]): unknown[] {
  const folders = new Set(Object.keys(files).flatMap((path) => (path.includes('/') ? [path.split('/')[0]!] : [])));
  return [
    ...[...folders].map((path) => ({ type: 'directory', path, oid: '0'.repeat(40), size: 0 })),
    ...Object.entries(files).map(([path, content]) => {
      const bytes = Buffer.from(content);
      const oid = sha1(Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]));
      if (small.includes(path)) return { type: 'file', path, oid, size: bytes.length };
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return {
        type: 'file',
        path,
        oid,
        size: bytes.length,
        lfs: { oid: sha256, size: bytes.length, pointerSize: 130 },
      };
    }),
  ];
}

function json(value: unknown): Answer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
