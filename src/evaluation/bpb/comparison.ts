import { join } from 'node:path';
import { DataError } from '../../support/errors.js';
import { type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
import { DocumentValues } from './document-values.js';
import { type DocumentLine, readDocumentLines } from './documents-file.js';
import { bpbOptions } from './options.js';
import { type BpbResults, DOCUMENTS_FILE } from './results.js';
import { readResults } from './results-directory.js';

/** Two models on the same documents. */
export interface BpbComparison {
  a: ComparedModel;
  b: ComparedModel;
  /** Bits per byte of A less those of B: below zero, A is better. */
  difference: number;
  /** Of the difference, by resampling documents; null for fewer than two. */
  interval: Interval | null;
  /** Documents on which A needs fewer bits, as many, and more; shares of all, 0 … 1. */
  share_better: number;
  share_equal: number;
  num_documents: number;
  num_bytes: number;
  /** Ways in which the two were not trained or measured alike: the difference is not due to one cause alone. */
  unlike: string[];
}

export interface ComparedModel {
  results: string;
  checkpoint: string;
  bits_per_byte: number;
}

/**
 * Compares two directories of results document by document.
 *
 * @throws DataError if they are not of the same documents, or are no results
 */
export async function compareResults(
  [directoryA, directoryB]: readonly [string, string],
  options: BootstrapOptions,
): Promise<BpbComparison> {
  const [a, b] = [await readResults(directoryA), await readResults(directoryB)];
  const differences = new DocumentValues();
  const bytes = new DocumentValues();
  let better = 0;
  let equal = 0;
  for await (const [ofA, ofB] of paired(join(directoryA, DOCUMENTS_FILE), join(directoryB, DOCUMENTS_FILE))) {
    differences.push(ofA.nats - ofB.nats);
    bytes.push(ofA.bytes);
    if (ofA.nats < ofB.nats) better++;
    if (ofA.nats === ofB.nats) equal++;
  }
  const count = bytes.length;
  const totalBytes = sum(bytes.slice());
  const describe = (results: string, { model, bits_per_byte }: BpbResults): ComparedModel => ({
    results,
    checkpoint: model.checkpoint,
    bits_per_byte,
  });
  return {
    a: describe(directoryA, a),
    b: describe(directoryB, b),
    difference: sum(differences.slice()) / totalBytes / Math.LN2,
    interval: await bootstrapInterval(differences.slice(), bytes.slice(), options),
    share_better: better / count,
    share_equal: equal / count,
    num_documents: count,
    num_bytes: totalBytes,
    unlike: unlikeConditions(a, b),
  };
}

/** How documents are resampled where no configuration says so. */
export function resampling(samples: number = bpbOptions.parse({}).bootstrapSamples): BootstrapOptions {
  return { samples, seed: RESAMPLING_SEED };
}

const RESAMPLING_SEED = 42;

/** What should agree for a difference to be due to the models alone: how it is called, and where it stands. */
const CONDITIONS: readonly [string, (results: BpbResults) => string | number | boolean][] = [
  ['representation', ({ conditions: { representation: r } }) => (r.raw_only ? 'raw' : `${r.mode}, rate ${r.rate}`)],
  ['context in bytes', ({ conditions }) => Number(conditions.context_bytes.toPrecision(4))],
  ['context in symbols', ({ conditions }) => conditions.context],
  ['stride in symbols', ({ conditions }) => conditions.stride],
  ['crops', ({ conditions }) => Boolean(conditions.crops)],
  ['windows of crops', ({ conditions }) => conditions.crops_at ?? 'none'],
  ['document mask', ({ conditions }) => conditions.document_mask],
  ['architecture', ({ model }) => model.architecture],
  ['parameters', ({ model }) => model.parameters],
  ['prediction heads', ({ model }) => model.prediction_heads],
  ['raw heads', ({ model }) => model.raw_heads],
  ['training context in symbols', ({ model }) => model.trained_context],
  ['symbols per step', ({ model }) => model.symbols_per_step],
  ['steps', ({ model }) => model.step],
];

function unlikeConditions(a: BpbResults, b: BpbResults): string[] {
  return CONDITIONS.flatMap(([name, of]) => (of(a) === of(b) ? [] : [`${name}: ${of(a)} and ${of(b)}`]));
}

async function* paired(fileA: string, fileB: string): AsyncGenerator<[DocumentLine, DocumentLine]> {
  const [linesA, linesB] = [readDocumentLines(fileA), readDocumentLines(fileB)];
  try {
    for (let line = 1; ; line++) {
      const [a, b] = [await linesA.next(), await linesB.next()];
      if (a.done && b.done) {
        if (line === 1) throw differ(fileA, line, 'there are no documents to compare');
        return;
      }
      if (a.done || b.done) throw differ(b.done ? fileA : fileB, line, 'the other evaluation has no such document');
      if (a.value.hash !== b.value.hash || a.value.bytes !== b.value.bytes)
        throw differ(fileA, line, `document ${a.value.index} of ${a.value.source} is another one in ${fileB}`);
      yield [a.value, b.value];
    }
  } finally {
    await linesA.return(undefined);
    await linesB.return(undefined);
  }
}

function differ(file: string, line: number, what: string): DataError {
  return new DataError(`the two evaluations are not of the same documents: ${what}`, {
    file,
    line,
    hint: 'Evaluate both models on the same validation data.',
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
