import { UsageError } from '../../support/errors.js';
import { requirePrefix } from '../dataset-writer.js';
import { ContentArchive } from './content-archive.js';
import type { HttpClient } from './http-client.js';
import type { Hub } from './hub.js';
import { type HubDatasetPlan, HubDatasetSource, planHubDataset } from './hub-dataset.js';
import type { DownloadOptions } from './options.js';
import type { Source } from './source.js';
import { planStackEdu, type StackEduPlan, StackEduSource } from './stack-edu.js';
import type { WorkFolder } from './work-folder.js';

/** The steps in which the kinds of downloads differ. */
export interface Kind {
  /** What decides the content. */
  settings: Readonly<Record<string, unknown>>;
  plan(): Promise<unknown>;
  /** @param plan what `plan` returned, now or in an earlier process */
  open(plan: unknown): Source;
}

/**
 * What a request is a download of.
 *
 * @throws UsageError if that cannot be a dataset, or its chunks cannot be named so
 */
export function kindOf(options: DownloadOptions, hub: Hub, http: HttpClient, folder: WorkFolder): Kind {
  const { request, concurrency, prefix, chunkBytes } = options;
  requirePrefix(prefix);
  if (request.kind === 'hub') {
    const { kind, ...wanted } = request;
    requireName(request.name);
    return {
      settings: { ...wanted, prefix, chunkBytes },
      plan: () => planHubDataset(hub, request),
      open: (plan) => new HubDatasetSource(hub, http, plan as HubDatasetPlan, request, concurrency, folder.files),
    };
  }
  const { kind, contents, ...wanted } = request;
  const archive = new ContentArchive(http, contents);
  return {
    settings: { name: kind, ...wanted, prefix, chunkBytes },
    plan: () => planStackEdu(hub, http, request, concurrency),
    open: (plan) => new StackEduSource(hub, http, archive, plan as StackEduPlan, request, concurrency),
  };
}

function requireName(name: string): void {
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !name.split('/').some((part) => /^\.+$/.test(part))) return;
  throw new UsageError(`${JSON.stringify(name)} is no dataset`, {
    hint: 'Give stack-edu, or OWNER/NAME as in the address of a dataset on the hub.',
  });
}
