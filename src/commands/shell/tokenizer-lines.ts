import type { TokenizerTrainingReport } from '../../data/tokenizer-training/options.js';
import type { AddedToken, Tokenizer, VocabularyStatistics } from '../../tokenizers/index.js';
import { describeDuration } from './progress.js';
import { quoted } from './quoted-bytes.js';
import { alignColumns } from './table.js';

const count = (value: number): string => value.toLocaleString('en-US');
const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

/** The summary of `pc tokenizer train`. */
export function describeTokenizerTraining(report: TokenizerTrainingReport): string[] {
  const { passedOver, heldOut, superwordUnits, seconds } = report;
  const later = report.merges - report.mergesWithinPretokens;
  const rows: [string, string][] = [
    ['documents', `${count(report.documents)}, ${megabytes(report.textBytes)} of text`],
    ['distinct pre-tokens', count(report.pretokens)],
    ...(superwordUnits > 0 ? [['distinct superword units', count(superwordUnits)] as [string, string]] : []),
    ['tokens', describeSize(report)],
    [
      'merges',
      later > 0 ? `${count(report.merges)}, ${count(later)} of them after the transition` : count(report.merges),
    ],
    [
      'bytes per token',
      heldOut === null
        ? 'not measured: no document was held out'
        : `${heldOut.bytesPerToken.toFixed(3)} on ${counted(heldOut.documents, 'held-out document')}, ${megabytes(heldOut.bytes)}`,
    ],
    ['time', `counting ${describeDuration(seconds.counting)}, merging ${describeDuration(seconds.merging)}`],
  ];
  return [
    `${report.output}:`,
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...(passedOver.bad > 0 ? [`skipped ${counted(passedOver.bad, 'record')} that cannot be read`] : []),
    ...(passedOver.empty > 0 ? [`left out ${counted(passedOver.empty, 'empty document')}`] : []),
  ];
}

/** A small corpus may have fewer pairs to merge than the vocabulary has room for. */
function describeSize({ tokens, requested }: TokenizerTrainingReport): string {
  if (tokens >= requested.tokens) return count(tokens);
  const { minFrequency } = requested;
  const why =
    minFrequency > 1
      ? `no further pair that may be merged occurs ${count(minFrequency)} times`
      : 'no pair is left that may be merged';
  return `${count(tokens)} of the ${count(requested.tokens)} asked for: ${why}`;
}

/** What `pc tokenizer info` says. */
export interface TokenizerFacts extends VocabularyStatistics {
  path: string;
  fingerprint: string;
  vocabularySize: number;
  /** Every text is given back by decoding. */
  lossless: boolean;
  /** Every byte has a token. */
  allBytes: boolean;
  addedTokens: readonly AddedToken[];
}

export function describeTokenizer(facts: TokenizerFacts): string[] {
  const { longestToken, addedTokens, unusedIds, tokensAcrossWords } = facts;
  const rows: [string, string][] = [
    ['tokens', `${count(facts.vocabularySize)}${unusedIds > 0 ? `, ${count(unusedIds)} ids of them unused` : ''}`],
    ['bytes of a token', `${facts.meanTokenBytes.toFixed(2)} on average`],
    ...(longestToken === null
      ? []
      : [['longest token', `${longestToken.id}, ${count(longestToken.bytes)} bytes`] as [string, string]]),
    ['tokens across words', count(tokensAcrossWords)],
    ['every byte has a token', facts.allBytes ? 'yes' : 'no'],
    ['gives back every text', facts.lossless ? 'yes' : 'no'],
    ['fingerprint', facts.fingerprint],
  ];
  return [
    facts.path,
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...(addedTokens.length > 0 ? ['added tokens:'] : []),
    ...alignColumns(addedTokens.map(({ id, content, special }) => [`  ${id}`, content, special ? 'special' : ''])),
  ];
}

/** What `pc tokenizer encode` gives. */
export interface EncodedText {
  bytes: number;
  ids: number[];
  /** As the tokenizer's file spells them. */
  tokens?: string[];
}

/** A line for each token: its id, its name in the file, its bytes as text. */
export function describeTokens(tokenizer: Tokenizer, ids: ArrayLike<number>): string[] {
  return alignColumns(
    Array.from(ids, (id) => [
      String(id),
      tokenizer.tokenName(id) ?? '',
      quoted(tokenizer.tokenBytes(id) ?? new Uint8Array()),
    ]),
  );
}
