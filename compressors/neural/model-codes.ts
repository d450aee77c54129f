import { resolve } from 'node:path';
import type { ProbabilityModel } from '../../src/neural-coding/byte-model.js';
import { DirectCoder } from '../../src/neural-coding/direct-coder.js';
import { quantised } from '../../src/neural-coding/frequencies.js';
import { formatOf } from '../../src/neural-coding/phrase-counts.js';
import { openPortableModel } from '../../src/neural-coding/portable-model-file.js';
import { portableProbabilities } from '../../src/neural-coding/portable-model-probabilities.js';
import type { PluginContext } from '../../src/plugins/contracts.js';
import type { WindowCodes } from './neural.js';
import type { NeuralOptions } from './options.js';
import { threadsHere } from './segmenter.js';

/** Bits of a window where nothing else is asked for: wider than any codebook. */
const DEFAULT_WINDOW_BITS = 24;

/**
 * Windows of any width, with the model in the loop.
 *
 * @throws CheckpointError if there is no such model; ConfigError if windows and symbols do not fit
 */
export async function codesUnderModel(options: NeuralOptions, context: PluginContext): Promise<WindowCodes> {
  const windowBits = options.windowBits ?? DEFAULT_WINDOW_BITS;
  const coder = options.coder ?? 'strict';
  const symbolBits = options.symbolBits ?? formatOf({ windowBits }).symbolBits;
  const model = await openModel(options, context);
  try {
    const direct = new DirectCoder(quantised(model, windowBits), { windowBits, coder, symbolBits });
    return {
      alphabetSize: direct.alphabetSize,
      fingerprint: `${model.fingerprint}:${coder}:${windowBits}:${symbolBits}`,
      windowBits,
      symbolBits,
      codesInUse: null,
      encode: (documents, ends) =>
        direct.encode(documents.map((bytes, i) => (ends === null ? { bytes } : { bytes, segmentEnds: ends[i]! }))),
      decode: async (encoded) => (await direct.decode([encoded]))[0]!,
      segments: (encoded) => direct.segments(encoded),
      dispose: async () => model.dispose?.(),
    };
  } catch (error) {
    await model.dispose?.();
    throw error;
  }
}

/** @throws CheckpointError if there is no such model */
async function openModel(
  { model, portable }: NeuralOptions,
  context: PluginContext,
): Promise<ProbabilityModel & { dispose?(): Promise<void> }> {
  const path = resolve(model!);
  return portable ? portableProbabilities(await openPortableModel(path)) : context.byteModel(path, threadsHere());
}
