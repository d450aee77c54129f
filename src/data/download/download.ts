import { constants, copyFile, link, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeDirectoryAtomic } from '../../support/atomic-files.js';
import { DataError, InterruptedError, UsageError } from '../../support/errors.js';
import { refusesLinks } from '../../support/hard-links.js';
import { removeStaleTemporaries } from '../../support/temporaries.js';
import { isDataset, requireFreeDatasetDirectory } from '../dataset-directory.js';
import { type DatasetManifest, MANIFEST } from '../dataset-writer.js';
import { Collection } from './collection.js';
import { HttpClient } from './http-client.js';
import { type HttpClock, SYSTEM_CLOCK } from './http-clock.js';
import { Hub } from './hub.js';
import { findHubToken, type HubEnvironment } from './hub-token.js';
import { kindOf } from './kinds.js';
import type { DownloadOptions, DownloadReport, LeftOut } from './options.js';
import { STATE_VERSION, WorkFolder } from './work-folder.js';

/** What a download takes from the process around it. */
export interface DownloadSurroundings {
  environment: HubEnvironment;
  clock?: HttpClock;
  /** Milliseconds between two saved states: about what a killed download does again. */
  saveInterval?: number;
}

const SAVE_INTERVAL = 5000;

/**
 * Downloads a dataset, in chunks of JSONL with a manifest. Where an earlier call for the same output was interrupted or
 * killed, it goes on: no record is lost or there twice, and the commit is the one that was found at the beginning. Memory
 * does not grow with the dataset.
 *
 * @throws DownloadError if a server cannot be reached or refuses; DataError for records that cannot be used, unless
 *   they are skipped, and if nothing is left; UsageError for names that do not exist, or for other settings than those of the
 *   download that was begun; OutputError if the output exists already or cannot be written; InterruptedError if stopped. What was
 *   done until then is kept.
 */
export async function downloadDataset(
  options: DownloadOptions,
  surroundings: DownloadSurroundings,
): Promise<DownloadReport> {
  const folder = new WorkFolder(options.output);
  const finished = options.restart ? null : await publishedBefore(folder, options);
  if (finished !== null) return finished;
  await requireFreeDatasetDirectory(options.output, options.force);
  await removeStaleTemporaries(dirname(options.output));
  if (options.restart) await folder.locked(() => folder.clear());
  const stop = new AbortController();
  const forward = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', forward);
  if (options.signal?.aborted) forward();
  try {
    return await download(options, surroundings, folder, stop.signal);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(error.message, { hint: 'Run the same command again to go on where it stopped.' });
  } finally {
    options.signal?.removeEventListener('abort', forward);
    // Ends the requests that were ahead of a failure or of the last record that was wanted.
    stop.abort();
  }
}

async function download(
  options: DownloadOptions,
  { environment, clock = SYSTEM_CLOCK, saveInterval = SAVE_INTERVAL }: DownloadSurroundings,
  folder: WorkFolder,
  signal: AbortSignal,
): Promise<DownloadReport> {
  const received = { bytes: 0, changed: () => {} };
  const http = new HttpClient({
    ...options,
    clock,
    signal,
    received: (bytes) => {
      received.bytes += bytes;
      received.changed();
    },
  });
  const hub = new Hub(http, options.endpoint, await findHubToken(environment));
  const { settings, plan, open } = kindOf(options, hub, http, folder);
  // Before anything is made on the disk: most mistakes show here.
  const found = (await folder.plan(settings)) ?? (await plan());
  const report = await folder.locked(async () => {
    const begun = await folder.plan<unknown>(settings);
    if (begun === null) await folder.savePlan({ version: STATE_VERSION, settings, plan: found });
    const source = open(begun ?? found);
    const saved = await folder.progress();
    const collected = await Collection.open(folder, source, options, saved);
    const { writer, leftOut } = collected;
    const resumedFrom = writer.documents;
    const before = collected.done;
    received.changed = () => options.progress?.({ ...collected.progress, before, received: received.bytes });
    try {
      await collected.collect({ signal, saveInterval, changed: received.changed });
      if (writer.documents === 0) throw nothingLeft(leftOut, options);
      const manifest = await collected.finish({ command: 'data download', ...settings, ...source.origin, leftOut });
      await publish(folder, options);
      return { manifest, leftOut, received: received.bytes, resumedFrom };
    } catch (error) {
      // A mistake in the command that showed at the first record is not to bind the next command.
      const isMistake = error instanceof DataError || error instanceof UsageError;
      if (isMistake && writer.documents === 0) await folder.clear();
      throw error;
    } finally {
      await writer.abandon();
    }
  });
  await folder.remove();
  return report;
}

/**
 * Gives a complete dataset its name. Links where there are any, otherwise copies, so that a process killed here has lost
 * nothing.
 */
async function publish(folder: WorkFolder, { output, force }: DownloadOptions): Promise<void> {
  await writeDirectoryAtomic(
    output,
    async (temporary) => {
      for (const name of await readdir(folder.dataset))
        await linkOrCopy(join(folder.dataset, name), join(temporary, name));
    },
    { replace: force },
  );
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!refusesLinks(error)) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

/** The report of a download that was killed when only tidying up was left, or null. */
async function publishedBefore(folder: WorkFolder, options: DownloadOptions): Promise<DownloadReport | null> {
  const progress = await folder.progress();
  if (progress?.complete !== true || !(await isDataset(options.output))) return null;
  const [ours, theirs] = await Promise.all(
    [folder.dataset, options.output].map((path) => readFile(join(path, MANIFEST), 'utf8')),
  );
  if (ours !== theirs) return null;
  const manifest = JSON.parse(ours!) as DatasetManifest;
  await folder.locked(() => folder.clear());
  await folder.remove();
  return { manifest, leftOut: progress.leftOut, received: 0, resumedFrom: manifest.documents };
}

function nothingLeft({ missing, empty, bad }: LeftOut, { request, output }: DownloadOptions): DataError {
  return new DataError(
    `there are no documents for ${output} (${missing} missing, ${empty} empty, ${bad} that cannot be used)`,
    {
      hint:
        request.kind === 'stack-edu' && missing > 0
          ? 'Check --contents: the address of the bucket, in which contents are at content/<SHA-1>.'
          : 'Choose another dataset, another --split, or wider limits.',
    },
  );
}
