import type { CodebookFacts, DataFacts } from '../../data/codebook-building/codebook-facts.js';
import type { BuildRound, CodebookBuildReport } from '../../data/codebook-building/options.js';
import type { CodebookVerification } from '../../data/codebook-building/verify-codebook.js';
import { COLLISION_MEASURES, COLLISION_QUANTILES, type CollisionMeasure } from '../../neural-coding/collisions.js';
import { FREQUENCY_BITS } from '../../neural-coding/parameters.js';
import type { WindowStatistics } from '../../neural-coding/phrase-counts.js';
import { describeDuration } from './progress.js';
import { quoted } from './quoted-bytes.js';
import { alignColumns } from './table.js';

const count = (value: number): string => value.toLocaleString('en-US');
const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const ofBase64 = (text: string): string => quoted(Buffer.from(text, 'base64'));
const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);

/** The summary of `pc codebook build`. */
export function describeCodebookBuild(report: CodebookBuildReport): string[] {
  const { passedOver, rounds, kept } = report;
  const rows = [
    ['windows', `${report.windowBits} bits, ${report.coder}`],
    // A model needs none.
    ...(report.documents > 0 ? [['text', describeText(report)]] : []),
    ['file', megabytes(report.fileBytes)],
    ['fingerprint', report.fingerprint],
  ];
  const table = [
    ['round', 'counted at', 'strings', 'phrases', 'bytes per window', 'time'],
    ...rounds.map((round, index) => [
      `${index + 1}`,
      describeStarts(round),
      count(round.strings),
      count(round.phrases),
      `${bytesPerWindow(round.heldOut)}${index === kept && rounds.length > 1 ? ', kept' : ''}`,
      describeDuration(round.seconds.counting + round.seconds.compiling + round.seconds.measuring),
    ]),
  ];
  const { heldOut, quantisationLoss } = rounds[kept]!;
  return [
    `${report.output}:`,
    ...indented(alignColumns(rows)),
    ...alignColumns(table),
    heldOut === null
      ? 'bytes per window were not measured: no document was held out'
      : `measured on ${counted(heldOut.documents, 'held-out document')}, ${megabytes(heldOut.bytes)}`,
    describeLoss(quantisationLoss),
    ...(passedOver.bad > 0 ? [`skipped ${counted(passedOver.bad, 'record')} that cannot be read`] : []),
    ...(passedOver.empty > 0 ? [`left out ${counted(passedOver.empty, 'empty document')}`] : []),
  ];
}

function describeLoss({ bitsPerByte, bitsPerWindow }: BuildRound['quantisationLoss']): string {
  return `frequencies of ${FREQUENCY_BITS} bits cost ${bitsPerByte.toFixed(4)} bits a byte, ${bitsPerWindow.toFixed(4)} a window, more than the float distribution`;
}

function describeText({ documents, textBytes, sampleBytes, source, seconds }: CodebookBuildReport): string {
  const read = `${counted(documents, 'document')}, ${megabytes(textBytes)}, read in ${describeDuration(seconds.reading)}`;
  return source === 'counts' && sampleBytes < textBytes ? `${read}; counted in ${megabytes(sampleBytes)} of it` : read;
}

function describeStarts({ starts, counted: at }: BuildRound): string {
  if (at === null) return 'the model';
  return starts === 'random' ? `${count(at.starts)} random positions` : `${count(at.starts)} windows`;
}

function bytesPerWindow(statistics: WindowStatistics | null): string {
  return statistics?.bytesPerWindow == null ? '–' : statistics.bytesPerWindow.toFixed(3);
}

/** The lines of `pc codebook info`. */
export function describeCodebook(facts: CodebookFacts): string[] {
  const { provenance, windowBits } = facts;
  const rows = [
    ['windows', `${windowBits} bits, ${facts.coder}`],
    ['strings', count(facts.strings)],
    ['phrases', count(facts.phrases)],
    ['codes in use', `${count(facts.codes)} of ${count(2 ** windowBits)}`],
    ['bytes of a phrase', `${facts.meanPhraseBytes.toFixed(2)} on average, ${facts.longestPhraseBytes} at most`],
    ['made from', `${provenance.source}: ${provenance.modelFingerprint}`],
    ['corpus', provenance.corpus],
    ['fingerprint', facts.fingerprint],
  ];
  return [facts.path, ...indented(alignColumns(rows)), ...(facts.data === null ? [] : describeData(facts.data))];
}

function describeData({ statistics, frequentPhrases, collisions }: DataFacts): string[] {
  const { windows, literals } = statistics;
  const rows = [
    ['documents', `${count(statistics.documents)}, ${megabytes(statistics.bytes)}`],
    ['windows', `${count(windows)}${literals > 0 ? `, and ${counted(literals, 'literal byte')}` : ''}`],
    ['bytes per window', bytesPerWindow(statistics)],
    ['bits per byte', statistics.bitsPerByte === null ? '–' : statistics.bitsPerByte.toFixed(3)],
    ['codes seen', `${count(statistics.codesSeen)} of ${count(statistics.codes)}`],
    ['windows of shared codes', percent(statistics.ambiguousShare)],
  ];
  return [
    'these documents:',
    ...indented(alignColumns(rows)),
    ...(frequentPhrases.length > 0 ? ['most frequent phrases:'] : []),
    ...indented(
      alignColumns(
        frequentPhrases.map(({ code, text, windows: held }) => [`${code}`, percent(held / windows), ofBase64(text)]),
      ),
    ),
    ...describeCollisions(collisions),
  ];
}

const MEASURE_NAMES: Record<CollisionMeasure, string> = {
  texts: 'texts of a code',
  prefixShare: 'common prefix over mean length',
  editDistance: 'mean edit distance',
  longest: 'bytes of the longest text',
  share: 'share of the windows',
};

function describeCollisions({ codes, windowShare, quantiles, mostFrequent }: DataFacts['collisions']): string[] {
  if (quantiles === null) return ['codes that stand for several texts: none'];
  const shown = (measure: CollisionMeasure, value: number): string =>
    measure === 'share' ? `${(100 * value).toPrecision(2)} %` : Number.isInteger(value) ? `${value}` : value.toFixed(2);
  return [
    `codes that stand for several texts: ${count(codes)}, in ${percent(windowShare)} of the windows`,
    ...indented(
      alignColumns([
        ['quantile', ...COLLISION_QUANTILES.map(String)],
        ...COLLISION_MEASURES.map((measure) => [
          MEASURE_NAMES[measure],
          ...quantiles[measure].map((value) => shown(measure, value)),
        ]),
      ]),
    ),
    ...(mostFrequent.length > 0 ? ['of these, in the most windows:'] : []),
    ...indented(
      alignColumns(
        mostFrequent.map(({ code, texts, share, example }) => [
          `${code}`,
          percent(share),
          counted(texts, 'text'),
          ofBase64(example),
        ]),
      ),
    ),
  ];
}

/** The lines of `pc codebook verify`. */
export function describeVerification(verified: CodebookVerification): string[] {
  const { codes, documents, bytes } = verified;
  return [
    `${verified.path} is sound: ${verified.windowBits} bits, ${verified.coder}`,
    ...indented([
      `${count(verified.strings)} strings; ${counted(codes.unique, 'code')} of one phrase, ${count(codes.shared)} of several`,
      'every byte has a code, and every pair of bytes comes back',
      ...(verified.recompiled ? ['compiled again from its frequencies, it is the same'] : []),
      ...(documents === null || bytes === null
        ? []
        : [`${counted(documents, 'document')} came back, ${megabytes(bytes)}`]),
      `fingerprint ${verified.fingerprint}`,
    ]),
  ];
}
