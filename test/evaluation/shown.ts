import type { LocatedDocument } from '../../src/data/documents.js';
import {
  type RepresentationSettings,
  type ShownDocument,
  showDocuments,
} from '../../src/evaluation/bpb/representation.js';
import { repeatingCompressor } from '../data/settings.js';

const encoder = new TextEncoder();

async function* located(
  texts: readonly string[],
  codes: LocatedDocument['codes'],
  file = '/data/a.jsonl',
): AsyncGenerator<LocatedDocument> {
  for (const [i, text] of texts.entries()) {
    yield { bytes: encoder.encode(text), codes, file, locate: async () => ({ file, line: i + 1 }) };
  }
}

export const RAW: RepresentationSettings = {
  compression: { mode: 'sentinel', rate: 0 },
  rateUnit: 'document',
  compressor: repeatingCompressor(),
  symbols: { vocabulary: { compressedOffset: 320 }, addBos: true, addEos: true },
  seed: 3,
};

/** Documents as the model sees them; raw bytes between sentinels unless told otherwise. All have the same `codes`. */
export async function shown(
  texts: readonly string[],
  settings: Partial<RepresentationSettings> = {},
  codes: Record<string, string> = {},
): Promise<ShownDocument[]> {
  const documents: ShownDocument[] = [];
  const source = located(texts, new Map(Object.entries(codes)));
  for await (const document of showDocuments(source, '/data', { ...RAW, ...settings })) documents.push(document);
  return documents;
}
