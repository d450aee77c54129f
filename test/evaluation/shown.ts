import type { LocatedDocument } from '../../src/data/documents.js';
import {
  type RepresentationSettings,
  type ShownDocument,
  showDocuments,
} from '../../src/evaluation/bpb/representation.js';
import { repeatingCompressor } from '../data/settings.js';

const encoder = new TextEncoder();

async function* located(texts: readonly string[], file = '/data/a.jsonl'): AsyncGenerator<LocatedDocument> {
  for (const text of texts) yield { bytes: encoder.encode(text), codes: new Map(), file };
}

export const RAW: RepresentationSettings = {
  compression: { mode: 'sentinel', rate: 0 },
  rateUnit: 'document',
  compressor: repeatingCompressor(),
  symbols: { vocabulary: { compressedOffset: 320 }, addBos: true, addEos: true },
  seed: 3,
};

/** Documents as the model sees them; raw bytes between sentinels unless told otherwise. */
export async function shown(
  texts: readonly string[],
  settings: Partial<RepresentationSettings> = {},
): Promise<ShownDocument[]> {
  const documents: ShownDocument[] = [];
  for await (const document of showDocuments(located(texts), '/data', { ...RAW, ...settings }))
    documents.push(document);
  return documents;
}
