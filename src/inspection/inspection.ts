import { PcError } from '../support/errors.js';
import { CompressorInspector } from './compressor-inspector.js';
import { type ByteRange, clipped } from './excerpt.js';
import type { Inspection, InspectionFailure, NamedCompressor } from './result.js';

export interface InspectionOptions {
  /** Which bytes of the text to take apart; the statistics are about all. */
  range: ByteRange;
  /** Aborts between two documents of two compressors; the reason is thrown. */
  signal?: AbortSignal;
  /** Called with the bytes that have been encoded. */
  progress?(bytes: number): void;
  /** What to do about a compressor that cannot represent the text: `throw`, or leave it out of the result. */
  onFailure: 'throw' | 'leave-out';
}

/**
 * What each compressor makes of a text: statistics over all of it, and which bytes of an excerpt each symbol covers.
 *
 * @param documents the text in pieces, each encoded by itself
 * @throws CompressorError if a compressor cannot represent the text, and PluginError if it breaks its contract, where
 *   failures are not left out
 */
export async function inspect(
  documents: AsyncIterable<Uint8Array>,
  compressors: readonly NamedCompressor[],
  { range, signal, progress, onFailure }: InspectionOptions,
): Promise<Inspection> {
  let inspectors = compressors.map((compressor) => new CompressorInspector(compressor));
  const failures: InspectionFailure[] = [];
  const shown: Uint8Array[] = [];
  let bytes = 0;
  let count = 0;
  for await (const document of documents) {
    const within = clipped(range, bytes, document.length);
    if (within !== null) shown.push(document.slice(within.start, within.end));
    for (const inspector of inspectors) {
      signal?.throwIfAborted();
      try {
        await inspector.add(document, bytes, within);
      } catch (error) {
        if (onFailure === 'throw') throw error;
        inspectors = inspectors.filter((other) => other !== inspector);
        failures.push({ name: inspector.name, reason: reasonOf(error) });
      }
    }
    bytes += document.length;
    count++;
    progress?.(bytes);
  }
  const excerpt = new Uint8Array(Buffer.concat(shown));
  return {
    bytes,
    documents: count,
    excerpt: { start: range.start, end: range.start + excerpt.length, bytes: excerpt },
    compressors: inspectors.map((inspector) => inspector.result()),
    failures,
  };
}

/** Why a compressor is left out and what can be done about it, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof PcError) {
    const what = error.place === '' ? error.message : `${error.message} (${error.place})`;
    return error.hint === undefined ? what : `${what}. ${error.hint}`;
  }
  return error instanceof Error ? error.message : String(error);
}
