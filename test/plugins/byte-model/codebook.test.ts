import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCodebook } from '../../../src/data/codebook-building/build-codebook.js';
import { BUILD_DEFAULTS } from '../../../src/data/codebook-building/options.js';
import type { ByteModel } from '../../../src/neural-coding/byte-model.js';
import { readCodebook } from '../../../src/neural-coding/codebook-file.js';
import { compileCodebook } from '../../../src/neural-coding/compile-codebook.js';
import { DirectCoder } from '../../../src/neural-coding/direct-coder.js';
import { quantised } from '../../../src/neural-coding/frequencies.js';
import { WindowDecoder } from '../../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../../src/neural-coding/window-encoder.js';
import { openByteModel } from '../../../src/plugins/byte-model/index.js';
import { instantiateCompressor } from '../../../src/plugins/compressor-instance.js';
import { builtinRegistry } from '../../../src/plugins/discovery.js';
import { CheckpointError } from '../../../src/support/errors.js';
import { Random } from '../../../src/support/random/index.js';
import { jsonl, numberedTexts, temporaryData } from '../../data/temporary-data.js';
import { stringsOf } from '../../neural-coding/compiled-strings.js';
import { randomWeights, repeatingWeights, saveByteModel } from '../../neural-coding/random-byte-model.js';
import { compiled } from '../../support/child-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** Windows of the least bits, so that few strings are asked for; a network that reads all of the longest of them. */
const WINDOW_BITS = 12;
const NETWORK = { windowSize: 64, chunkSize: 8 };
const FORMAT = { symbolBits: 12, numbering: 'sparse' } as const;

const folder = mkdtempSync(join(tmpdir(), 'pc-test-'));
const checkpoint = join(folder, 'm1');
let model: ByteModel;
beforeAll(async () => {
  await saveByteModel(checkpoint, randomWeights(5, NETWORK));
  model = await openByteModel(checkpoint, { threads: 1 });
});
afterAll(async () => {
  await model.dispose();
  rmSync(folder, { recursive: true });
});

const random = Random.fromSeed(17);

/** What the model likes, phrase after phrase, and what it does not. */
function textsFor(phrases: readonly string[]): Uint8Array[] {
  const liked = Array.from({ length: 300 }, () => phrases[random.integer(phrases.length)]!).join('');
  return [
    new Uint8Array(Buffer.from(liked, 'latin1')),
    Uint8Array.from({ length: 200 }, () => random.integer(256)),
    new TextEncoder().encode('def mean(xs):\n    return sum(xs) / len(xs)  # ≈\n'),
    new Uint8Array(0),
  ];
}

describe.each(['strict', 'lester'] as const)('a codebook of a trained model, %s', (coder) => {
  it('gives the symbols of the model in the loop, and both decode them', async () => {
    const provenance = { source: 'm1', modelFingerprint: model.fingerprint, corpus: 'none' } as const;
    const frequencies = quantised(model, WINDOW_BITS);
    const codebook = await compileCodebook(frequencies, { coder, windowBits: WINDOW_BITS }, { provenance });
    const strings = stringsOf(codebook);
    const coded = [...strings].filter(([, code]) => code >= 0).map(([text]) => text);
    // The model tells strings apart: windows are not single bytes.
    expect(Math.max(...coded.map(({ length }) => length))).toBeGreaterThan(3);
    const texts = textsFor(coded);
    const encoder = new WindowEncoder(codebook, FORMAT);
    const decoder = new WindowDecoder(codebook, FORMAT);
    // Asked otherwise than the compiler asked: other strings share the model's batches.
    const direct = new DirectCoder(frequencies, { coder, windowBits: WINDOW_BITS, symbolBits: 12, batch: 37 });
    const encoded = texts.map((text) => encoder.encode(text));
    expect(await direct.encode(texts.map((bytes) => ({ bytes })))).toEqual(encoded);
    expect(encoded.map((each) => decoder.decode(each))).toEqual(texts);
    expect(await direct.decode(encoded)).toEqual(texts);
  });
});

describe('building from a trained model', () => {
  const request = (output: string, data: string) => ({
    ...BUILD_DEFAULTS,
    source: 'm1' as const,
    model,
    corpus: 'random numbers',
    windowBits: WINDOW_BITS,
    data: [],
    output,
    validation: data,
    workers: 1,
    force: false,
  });

  it('leaves a codebook that names the model, the engine and the processor', async () => {
    const output = join(temporaryDirectory(), 'm1.codebook');
    const texts = numberedTexts(5);
    const report = await buildCodebook(request(output, temporaryData({ 'a.jsonl': jsonl(texts) })));
    const codebook = await readCodebook(output);
    expect(codebook.provenance).toEqual({
      source: 'm1',
      modelFingerprint: model.fingerprint,
      corpus: 'random numbers',
    });
    expect(model.fingerprint).toMatch(/^m1:[0-9a-f]{64}:onnxruntime \d+\.\d+/);
    expect(model.fingerprint).toContain(cpus()[0]!.model.trim());
    expect(codebook.fingerprint).toBe(report.fingerprint);
    expect(report.rounds[0]).toMatchObject({ starts: null, strings: codebook.codes.length - 1 });
    expect(report.rounds[0]!.heldOut!.bytes).toBe(Buffer.byteLength(texts.join('')));
  });

  it('is refused where windows outgrow what the model reads', async () => {
    const short = join(temporaryDirectory(), 'short');
    // It expects every byte to go on for ever, and reads BOS and 7 bytes.
    await saveByteModel(short, repeatingWeights(5, { windowSize: 8 }));
    const opened = await openByteModel(short, { threads: 1 });
    const output = join(temporaryDirectory(), 'm1.codebook');
    const data = temporaryData({ 'a.jsonl': jsonl(['a']) });
    const built = buildCodebook({ ...request(output, data), model: opened });
    await expect(built).rejects.toThrow(CheckpointError);
    await expect(built).rejects.toThrow('a prefix of 8 bytes is longer than the 7 of the model');
    await opened.dispose();
  });
});

describe('a trained model in a worker thread', () => {
  it('gives the symbols that it gives in this one', async () => {
    const options = { model: checkpoint, windowBits: 24, symbolBits: 12 };
    const descriptor = builtinRegistry('/artifacts').compressorDescriptor('neural', options);
    const text = 'def mean(xs): return sum(xs)';
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(${JSON.stringify(compiled('src/plugins/compressor-instance.js'))}).then(async ({ instantiateCompressor }) => {
        const compressor = await instantiateCompressor(workerData);
        const { symbols } = await compressor.encode(new TextEncoder().encode(${JSON.stringify(text)}));
        await compressor.dispose();
        parentPort.postMessage({ symbols, fingerprint: compressor.fingerprint });
      });`;
    const worker = new Worker(code, { eval: true, workerData: descriptor });
    const there = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    const here = await instantiateCompressor(descriptor);
    const { symbols } = await here.encode(new TextEncoder().encode(text));
    expect(there).toEqual({ symbols, fingerprint: here.fingerprint });
    await here.dispose?.();
  });
});
