import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { neuralCompressor } from '../../../compressors/neural/index.js';
import type { ByteModel } from '../../../src/neural-coding/byte-model.js';
import type { Codebook } from '../../../src/neural-coding/codebook.js';
import { encodeCodebook } from '../../../src/neural-coding/codebook-file.js';
import { compileCodebook } from '../../../src/neural-coding/compile-codebook.js';
import { encodeModelQuantiles } from '../../../src/neural-coding/entropy-quantiles-file.js';
import { buildContexts } from '../../../src/neural-coding/entropy-table-contexts.js';
import { encodeEntropyTable, makeEntropyTable } from '../../../src/neural-coding/entropy-table-file.js';
import { quantised } from '../../../src/neural-coding/frequencies.js';
import type { WindowCoder } from '../../../src/neural-coding/parameters.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import type { Compressor } from '../../../src/plugins/contracts.js';
import { hashModel } from '../../neural-coding/hash-model.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** Bits of a window of everything small: 4,096 codes, compiled in no time. */
export const SMALL_WINDOW = 12;

export const TEXT = new TextEncoder().encode(
  'def mean(xs):\n    """Mittelwert – 平均"""\n    return sum(xs) / len(xs)\n'.repeat(3),
);

const hash = hashModel('skewed', SMALL_WINDOW);

/** A model of bytes without training or floats of its own: its entropy before a byte is that byte / 32 bits. */
export function smallByteModel(): ByteModel & { closed: number } {
  return {
    fingerprint: 'm1 of these tests',
    parameters: 0,
    context: 64,
    closed: 0,
    async probabilities(prefixes) {
      return Float64Array.from(await hash.frequencies(prefixes), (frequency) => frequency / 2 ** 16);
    },
    async entropies(documents) {
      return documents.map((document) => Float32Array.from(document, (byte) => byte / 32));
    },
    async dispose() {
      this.closed++;
    },
  };
}

const compiled = new Map<WindowCoder, Promise<Codebook>>();

/** The codebook of that model. */
export function smallCodebook(coder: WindowCoder = 'strict'): Promise<Codebook> {
  const provenance = { source: 'custom', modelFingerprint: 'hash', corpus: 'none' } as const;
  const made =
    compiled.get(coder) ??
    compileCodebook(quantised(smallByteModel(), SMALL_WINDOW), { coder, windowBits: SMALL_WINDOW }, { provenance });
  compiled.set(coder, made);
  return made;
}

/** A file that is removed when the running test ends. */
export function temporaryFile(name: string, content: Uint8Array | string): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}

export async function codebookFile(coder: WindowCoder = 'strict'): Promise<string> {
  return temporaryFile('small.codebook', encodeCodebook(await smallCodebook(coder)));
}

const QUANTILES = {
  levels: Int32Array.from({ length: 999 }, (_, i) => 20 * i),
  jumps: Int32Array.from({ length: 999 }, (_, i) => 40 * i - 20_000),
};

/** A table of the entropies of the text above. */
export async function tableFile(): Promise<string> {
  const sample = { bytes: TEXT, ends: Uint32Array.of(TEXT.length) };
  const contexts = await buildContexts(sample, { contexts: 40, longestContext: 3, leastOccurrences: 1 });
  const provenance = { corpus: 'a text', countedBytes: TEXT.length, calibrationBytes: 0 };
  return temporaryFile('small.entropies', encodeEntropyTable(makeEntropyTable(contexts, QUANTILES, provenance)));
}

/** A run whose model would be `smallByteModel`, with the quantiles of its entropies. */
export async function modelDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  const quantiles = { modelFingerprint: 'm1 of these tests', calibrationBytes: 0, ...QUANTILES };
  writeFileSync(join(directory, 'quantiles.json'), encodeModelQuantiles(quantiles));
  return directory;
}

/** The compressor with the small codebook, unless the options name another source of codes. */
export async function makeNeural(options: Record<string, unknown> = {}, model = smallByteModel()): Promise<Compressor> {
  const parsed = neuralCompressor.options.parse({
    ...(options.model === undefined && { codebook: await codebookFile() }),
    ...options,
  });
  return neuralCompressor.create(parsed, {
    ...pluginContext('/nonexistent', () => {}),
    byteModel: async () => model,
  });
}
