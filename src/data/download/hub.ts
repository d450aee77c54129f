import { z } from 'zod';
import { ConfigError, DownloadError } from '../../support/errors.js';
import { collect, type HttpClient, type HttpRequest, type HttpResponse, shown } from './http-client.js';
import type { HubToken } from './hub-token.js';
import type { RemoteFile } from './remote-file.js';

/** A dataset of the hub at one commit. */
export interface HubDataset {
  /** `owner/name` */
  name: string;
  commit: string;
  /** What its card says of its configurations; none if it says nothing. */
  configs: readonly CardConfig[];
}

export type CardConfig = z.infer<typeof cardConfig>;

/** A file of a dataset. */
export interface HubFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Checksum of its content: SHA-256 of large files, git's own SHA-1 of the others. */
  checksum: { algorithm: 'sha256' | 'git-sha1'; hex: string };
}

const dataFiles = z.union([
  z.string(),
  z.array(z.string()),
  z.array(z.looseObject({ split: z.string(), path: z.union([z.string(), z.array(z.string())]) })),
]);

const cardConfig = z.looseObject({
  config_name: z.string().default('default'),
  data_files: dataFiles.optional(),
  default: z.boolean().optional(),
});

/** Checksums name files on the disk here, so they must be nothing else. */
const SHA1 = z.string().regex(/^[0-9a-f]{40}$/);
const SHA256 = z.string().regex(/^[0-9a-f]{64}$/);

const datasetAnswer = z.looseObject({
  sha: SHA1,
  // Cards are written by hand: one that cannot be read is one that says nothing.
  cardData: z
    .looseObject({ configs: z.array(cardConfig).optional().catch(undefined) })
    .nullish()
    .catch(null),
});

const treeAnswer = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string(),
    size: z.number().int().nonnegative().default(0),
    oid: SHA1,
    lfs: z.looseObject({ oid: SHA256, size: z.number().int().nonnegative() }).nullish(),
  }),
);

/** Answers of the hub are some MB at most: a page of files has 1000 of them. */
const LARGEST_ANSWER = 64 * 2 ** 20;

/** What the hub's API tells of datasets, and the addresses of their files. */
export class Hub {
  private readonly endpoint: URL;

  /**
   * @param endpoint base address, such as https://huggingface.co
   * @throws ConfigError if that is none
   */
  constructor(
    private readonly http: HttpClient,
    endpoint: string,
    private readonly token: HubToken | null,
  ) {
    this.endpoint = baseAddress(endpoint, 'HF_ENDPOINT');
  }

  /** The commit that a branch, tag or commit names. @throws DownloadError if there is none, or no access to it */
  async dataset(name: string, revision: string): Promise<HubDataset> {
    const url = this.url(`api/datasets/${name}/revision/${encodeURIComponent(revision)}`);
    const { sha, cardData } = (await this.json(url, datasetAnswer, name, revision)).value;
    return { name, commit: sha, configs: cardData?.configs ?? [] };
  }

  /** All files at a commit, in the order of their paths. */
  async files({ name, commit }: HubDataset): Promise<HubFile[]> {
    const found: HubFile[] = [];
    let page: URL | null = this.url(`api/datasets/${name}/tree/${commit}?recursive=true`);
    while (page !== null) {
      const { value, next }: { value: z.infer<typeof treeAnswer>; next: URL | null } = await this.json(
        page,
        treeAnswer,
        name,
        commit,
      );
      for (const { type, path, size, oid, lfs } of value) {
        if (type !== 'file') continue;
        const isLarge = lfs !== null && lfs !== undefined;
        const checksum = isLarge
          ? ({ algorithm: 'sha256', hex: lfs.oid } as const)
          : ({ algorithm: 'git-sha1', hex: oid } as const);
        found.push({ path, size: isLarge ? lfs.size : size, checksum });
      }
      page = next;
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** A file's content, which the hub may redirect to a server of files. */
  remoteFile({ name, commit }: HubDataset, { path, size }: HubFile): RemoteFile {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const request = this.request(this.url(`datasets/${name}/resolve/${commit}/${encoded}`));
    const requireAccess = (response: HttpResponse) => this.requireAccess(response, request.url, name, commit);
    return { name: path, size, request, requireAccess };
  }

  /** @throws DownloadError if the answer is a refusal; says what to do about it */
  private requireAccess(response: HttpResponse, url: URL, name: string, revision: string): void {
    if (response.status >= 200 && response.status < 300) return;
    throw refusal(response, url, name, revision, this.token !== null);
  }

  private async json<T>(url: URL, schema: z.ZodType<T>, name: string, revision: string) {
    return this.http.get(this.request(url), async (response) => {
      this.requireAccess(response, url, name, revision);
      const text = (await collect(response, LARGEST_ANSWER, url)).toString('utf8');
      const next = nextPage(response.headers.get('link'), url);
      const parsed = schema.safeParse(parseJson(text));
      if (parsed.success) return { value: parsed.data, next };
      throw new DownloadError(`${shown(url)} answers something else than the hub does`, {
        hint: 'Check HF_ENDPOINT: it must be the address of a Hugging Face hub or of a mirror of its API.',
        cause: parsed.error,
      });
    });
  }

  private request(url: URL): HttpRequest {
    return { url, authorization: url.origin === this.endpoint.origin ? (this.token?.authorization() ?? null) : null };
  }

  private url(path: string): URL {
    return new URL(path, this.endpoint);
  }
}

/**
 * An address that others are put together with.
 *
 * @throws ConfigError if it is not one of http or https
 */
export function baseAddress(text: string, field: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/\/*$/, '/')) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new ConfigError('the address of the server must begin with http:// or https:// and hold no password', {
    field,
    hint: 'For example https://huggingface.co.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The address with `rel="next"` in a Link header (RFC 8288). */
function nextPage(link: string | null, from: URL): URL | null {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
  return target === undefined || !URL.canParse(target, from.href) ? null : new URL(target, from);
}

const SETTINGS = 'https://huggingface.co/settings/tokens';

function refusal({ status, headers }: HttpResponse, url: URL, name: string, revision: string, hasToken: boolean) {
  const code = headers.get('x-error-code');
  const page = `${url.origin}/datasets/${name}`;
  const [what, hint] = ((): [string, string] => {
    if (code === 'GatedRepo') {
      return [
        `the dataset ${name} is gated`,
        `Accept its conditions at ${page}${hasToken ? ' with the account of your token' : `, then set HF_TOKEN to a token of that account (${SETTINGS})`}.`,
      ];
    }
    if (code === 'RevisionNotFound')
      return [`the dataset ${name} has no revision ${revision}`, `See ${page}/tree/main.`];
    if (code === 'EntryNotFound') return [`the dataset ${name} has no file ${shown(url)}`, `See ${page}/tree/main.`];
    if (status === 401 && hasToken && code !== 'RepoNotFound') {
      return ['the hub does not accept the access token', `Make a new one at ${SETTINGS} and set HF_TOKEN to it.`];
    }
    // To those who may not see it, the hub denies that a private dataset exists.
    if (status === 401 || status === 404 || code === 'RepoNotFound') {
      return [
        `there is no dataset ${name} on ${url.origin}, or you may not see it`,
        hasToken
          ? 'Check the name, and that your token may read it.'
          : 'Check the name; for a private dataset set HF_TOKEN.',
      ];
    }
    if (status === 403) {
      return [`the hub denies access to ${name}`, `Check at ${SETTINGS} that your token may read this dataset.`];
    }
    return [`the hub answers ${status} to a request for ${name}`, `See ${page}, and run the same command again.`];
  })();
  return new DownloadError(what, { hint });
}
