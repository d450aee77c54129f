import { setImmediate } from 'node:timers/promises';
import type { Codebook } from '../../neural-coding/codebook.js';
import { PhraseCounts, parserOf, type WindowStatistics, windowStatistics } from '../../neural-coding/phrase-counts.js';
import { type BadRecordPolicy, type LocatedDocument, readDocuments } from '../documents.js';

/** Documents in memory, or a dataset. */
export type MeasuredText = readonly Uint8Array[] | { path: string; onBadRecord: BadRecordPolicy };

interface Watch {
  signal?: AbortSignal | undefined;
  progress?: ((bytes: number) => void) | undefined;
}

/** Bytes between two looks at the signal. */
const STRETCH = 1 << 20;

/** What the windows of a codebook make of documents. @throws DataError as `readDocuments` does; the signal's reason */
export async function measureWindows(
  codebook: Codebook,
  text: MeasuredText,
  watch: Watch = {},
): Promise<WindowStatistics> {
  const counts = new PhraseCounts(parserOf(codebook));
  await countPhrases(counts, text, watch);
  return windowStatistics(counts, codebook.windowBits);
}

/** Adds all documents to counts. @throws DataError as `readDocuments` does; the signal's reason */
export async function countPhrases(counts: PhraseCounts, text: MeasuredText, watch: Watch = {}): Promise<void> {
  for await (const { bytes } of watchedDocuments(text, watch)) counts.add(bytes);
}

type MeasuredDocument = Pick<LocatedDocument, 'bytes'> & Partial<LocatedDocument>;

/** Documents, with a look at the signal and at the clock now and then. */
export async function* watchedDocuments(
  text: MeasuredText,
  { signal, progress }: Watch,
): AsyncGenerator<MeasuredDocument> {
  let [bytes, looked] = [0, 0];
  for await (const document of documentsOf(text)) {
    signal?.throwIfAborted();
    yield document;
    bytes += document.bytes.length;
    if (bytes - looked < STRETCH) continue;
    looked = bytes;
    progress?.(bytes);
    await setImmediate();
  }
}

async function* documentsOf(text: MeasuredText): AsyncGenerator<MeasuredDocument> {
  if ('path' in text) yield* readDocuments(text.path, text);
  else for (const bytes of text) yield { bytes };
}
