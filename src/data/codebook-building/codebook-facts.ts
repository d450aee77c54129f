import type { CodebookProvenance } from '../../neural-coding/codebook.js';
import { readCodebook } from '../../neural-coding/codebook-file.js';
import { type Collision, type CollisionTable, collisionTable } from '../../neural-coding/collisions.js';
import type { WindowParameters } from '../../neural-coding/parameters.js';
import {
  type FrequentPhrase,
  mostFrequentPhrases,
  PhraseCounts,
  parserOf,
  type WindowStatistics,
  windowStatistics,
} from '../../neural-coding/phrase-counts.js';
import { countPhrases, type MeasuredText } from './measure.js';

/** What a codebook holds, and what it makes of documents where there are some. */
export interface CodebookFacts extends WindowParameters {
  path: string;
  fingerprint: string;
  provenance: CodebookProvenance;
  /** |S|: strings that can be a window or the beginning of one. */
  strings: number;
  /** Strings with a code. */
  phrases: number;
  /** Distinct codes of them, of 2^τ. */
  codes: number;
  meanPhraseBytes: number;
  longestPhraseBytes: number;
  data: DataFacts | null;
}

/** Texts are bytes, in base64. */
export interface DataFacts {
  statistics: WindowStatistics;
  frequentPhrases: (Omit<FrequentPhrase, 'text'> & { text: string })[];
  collisions: Omit<CollisionTable, 'mostFrequent'> & {
    mostFrequent: (Omit<Collision, 'example'> & { example: string })[];
  };
}

export interface FactsOptions {
  data: MeasuredText | null;
  /** Phrases and codes to name. */
  top: number;
  signal?: AbortSignal | undefined;
  progress?(bytes: number): void;
}

/** @throws CodebookError for a file that is damaged or foreign; DataError for the data; the signal's reason */
export async function codebookFacts(
  path: string,
  { data, top, signal, progress }: FactsOptions,
): Promise<CodebookFacts> {
  const codebook = await readCodebook(path);
  const { fingerprint, provenance, windowBits, coder } = codebook;
  const parser = parserOf(codebook);
  const { phrases } = parser;
  const facts: CodebookFacts = {
    path,
    windowBits,
    coder,
    fingerprint,
    provenance,
    strings: codebook.codes.length - 1,
    phrases: phrases.count,
    codes: phrases.codes.reduce((sum, code, index) => (code === phrases.codes[index - 1] ? sum : sum + 1), 0),
    meanPhraseBytes: phrases.lengths.reduce((sum, length) => sum + length, 0) / phrases.count,
    longestPhraseBytes: phrases.lengths.reduce((most, length) => Math.max(most, length), 0),
    data: null,
  };
  if (data === null) return facts;
  const counts = new PhraseCounts(parser);
  await countPhrases(counts, data, { signal, progress });
  return { ...facts, data: dataFacts(counts, windowBits, top) };
}

function dataFacts(counts: PhraseCounts, windowBits: number, top: number): DataFacts {
  const collisions = collisionTable(counts, top);
  return {
    statistics: windowStatistics(counts, windowBits),
    frequentPhrases: mostFrequentPhrases(counts, top).map((phrase) => ({ ...phrase, text: base64(phrase.text) })),
    collisions: {
      ...collisions,
      mostFrequent: collisions.mostFrequent.map((code) => ({ ...code, example: base64(code.example) })),
    },
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
