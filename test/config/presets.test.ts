import { describe, expect, it } from 'vitest';
import { resolvedViews, symbolsPerStep, vocabularyFor } from '../../src/config/derived.js';
import { resolveSources, withBases } from '../../src/config/load.js';
import { listPresets, presetSource } from '../../src/config/presets.js';
import type { Config } from '../../src/config/schema.js';

const resolve = (...names: string[]): Config =>
  resolveSources(names.flatMap((name) => withBases(presetSource(name, { directory: '.', chain: [] })))).config;

/** Parameters of EvaByte with a vocabulary of V (behaviour §4.1). */
function evabyteParameters({ model }: Config, V: number): number {
  if (model.architecture !== 'evabyte') throw new Error('not an EvaByte');
  const { hiddenSize: D, intermediateSize: I, layers: L, predictionHeads: P, rawHeads: R } = model;
  return V * D + L * (4 * D * D + 3 * D * I + 4 * D) + D + P * V * D + R * 320 * D;
}

/** Parameters of a Llama with untied embeddings (behaviour §5), and heads as EvaByte has them. */
function opencoderParameters({ model }: Config, V: number): number {
  if (model.architecture !== 'opencoder') throw new Error('not an OpenCoder');
  const { hiddenSize: D, intermediateSize: I, layers: L, attentionHeads, keyValueHeads } = model;
  const headSize = D / attentionHeads;
  const attention = 2 * D * D + 2 * D * headSize * (keyValueHeads ?? attentionHeads);
  const { predictionHeads: P, rawHeads: R } = model;
  return V * D + L * (attention + 3 * D * I + 2 * D) + D + P * V * D + R * 320 * D;
}

describe('models of the reference', () => {
  it.each([
    ['evabyte-500m', 472_826_880, 1.2e-3, 64],
    ['evabyte-1b5', 1_348_241_408, 9e-4, 64],
    ['evabyte-4b', 3_935_112_192, 7e-4, 64],
    ['evabyte-7b', 6_991_646_720, 5e-4, 16],
    ['evabyte-14b', 14_276_203_520, 5e-4, 16],
  ])('%s has the parameters, rate and batch of the table', (name, parameters, learningRate, size) => {
    const config = resolve(name);
    expect(evabyteParameters(config, 320)).toBe(parameters);
    expect(config.optim).toMatchObject({
      learningRate,
      epsilon: 1e-15,
      schedule: 'cosine',
      warmup: 500,
      minRatio: 0.1,
    });
    expect(config.batch).toMatchObject({ size, sequenceLength: 32_768 });
    expect(config.steps).toBe(50_000);
  });

  it.each([
    ['opencoder-1b5', 1_905_650_880, 160],
    ['opencoder-8b', 7_771_262_976, 128],
  ])('%s has the parameters of the table', (name, parameters, headSize) => {
    const config = resolve(name);
    expect(opencoderParameters(config, 96_640)).toBe(parameters);
    expect(config.model.hiddenSize / config.model.attentionHeads).toBe(headSize);
    expect(config.optim).toMatchObject({ schedule: 'wsd', decayFraction: 0, warmup: 2000 });
  });
});

describe('models for one machine', () => {
  it.each([
    ['evabyte-1m', 1e6],
    ['evabyte-3m', 3.5e6],
    ['evabyte-10m', 10e6],
    ['evabyte-30m', 30e6],
  ])('%s has about the parameters of its name', (name, parameters) => {
    const config = resolve(name);
    expect(evabyteParameters(config, 576) / parameters).toBeGreaterThan(0.9);
    expect(evabyteParameters(config, 576) / parameters).toBeLessThan(1.1);
    expect(config.model.architecture === 'evabyte' && config.model.windowSize).toBeGreaterThanOrEqual(128);
  });
});

/** Symbols of the compressors that the scripts name. */
const ALPHABET = {
  gzip: 256,
  bit: 2,
  doublebit: 4,
  halfbyte: 16,
  doublebyte: 65_536,
  neural: 65_792,
  'token-bytes': 256,
};

describe('the same sizes in both architectures', () => {
  it.each(['1m', '10m'])('%s: parameters within one in a hundred, and the same symbols and steps', (size) => {
    const [evabyte, opencoder] = [resolve(`evabyte-${size}`), resolve(`opencoder-${size}`)];
    const ratio = opencoderParameters(opencoder, 576) / evabyteParameters(evabyte, 576);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
    expect([opencoder.steps, opencoder.batch, opencoder.optim]).toEqual([evabyte.steps, evabyte.batch, evabyte.optim]);
  });

  it.each(['bytes-1m', 'tokenized-1m', 'neural-proxy-12-1m'])('opencoder-%s trains as %s does', (name) => {
    const [evabyte, opencoder] = [resolve(name), resolve(`opencoder-${name}`)];
    const { model: ofEvabyte, ...settings } = evabyte;
    const { model, ...same } = opencoder;
    expect(same).toEqual(settings);
    expect([model.predictionHeads, model.rawHeads]).toEqual([ofEvabyte.predictionHeads, ofEvabyte.rawHeads]);
  });
});

describe("the reference's scripts (behaviour §2.6, §11.2)", () => {
  it.each([
    ['bytes-1b5', 320, 9, 131_072, 1_348_241_408],
    ['gzip-proxy-1b5', 576, 2, 131_072, 1_344_702_464],
    ['token-byte-proxy-1b5', 576, 2, 131_072, 1_344_702_464],
    ['neural-proxy-1b5', 65_856, 3, 131_072, 1_612_744_704],
    ['doublebytes-1b5', 65_600, 2, 131_072, 1_611_040_768],
    ['halfbytes-1b5', 128, 2, 131_072, 1_342_867_456],
    ['doublebits-1b5', 128, 2, 262_144, 1_342_867_456],
    ['bits-1b5', 128, 2, 262_144, 1_342_867_456],
  ])('%s has the vocabulary, views, batch and parameters of the table', (name, size, views, symbols, parameters) => {
    const config = resolve(name);
    const alphabet = ALPHABET[config.data.compressor as keyof typeof ALPHABET];
    expect(vocabularyFor(config, alphabet).size).toBe(size);
    expect(resolvedViews(config)).toBe(views);
    expect(symbolsPerStep(config)).toBe(symbols);
    expect(evabyteParameters(config, size)).toBe(parameters);
  });

  it.each([
    ['neural-proxy-1m', 65_792, 65_856, 3],
    ['neural-paper-like', 65_792, 65_856, 3],
    ['neural-proxy-12-1m', 4352, 4416, 2],
  ])('%s has the vocabulary of its codes, and views for its heads', (name, alphabet, size, views) => {
    const config = resolve(name);
    expect(vocabularyFor(config, alphabet).size).toBe(size);
    expect(resolvedViews(config)).toBe(views);
  });

  it('train proxies in two phases', () => {
    expect(resolve('gzip-proxy-1b5').data.schedule).toEqual({
      warmup: 10_000,
      steady: 40_000,
      decay: 0,
      initialRate: 0.4,
      peakRate: 0.9,
      finalRate: 0.9,
      initialMode: 'translation_random',
      steadyMode: 'sentinel',
      finalMode: 'sentinel',
    });
  });
});

describe('variants', () => {
  const names = listPresets().map(({ name }) => name);

  it.each(names.filter((name) => name.endsWith('-2m')))(
    '%s trains on 2 M symbols a step in the same micro-batches',
    (name) => {
      const [variant, base] = [resolve(name), resolve(name.slice(0, -'-2m'.length))];
      expect(symbolsPerStep(variant)).toBe(2 ** 21);
      expect(variant.batch.size / variant.batch.accumulation).toBe(base.batch.size / base.batch.accumulation);
    },
  );

  it('matched share heads, symbols a step and context among those of a model', () => {
    const matched = names.filter((name) => name.endsWith('-1b5-matched'));
    const shared = new Set(
      matched.map((name) => {
        const config = resolve(name);
        return JSON.stringify([resolvedViews(config), symbolsPerStep(config), config.batch.sequenceLength]);
      }),
    );
    expect(matched.length).toBeGreaterThan(10);
    expect([...shared]).toEqual([JSON.stringify([2, 131_072, 16_384])]);
  });

  it('matched proxies leave the batch to the model', () => {
    expect(resolve('evabyte-1m', 'bytes-matched')).toMatchObject({
      model: { predictionHeads: 1 },
      batch: { size: 8, sequenceLength: 512 },
    });
  });

  it('combine', () => {
    expect(symbolsPerStep(resolve('halfbytes-1b5-matched-2m'))).toBe(2 ** 21);
    expect(resolve('halfbytes-1b5-matched-2m').batch.sequenceLength).toBe(16_384);
  });
});

describe('every preset', () => {
  it.each(listPresets())('$name has a summary and makes a valid configuration', ({ name, folder, summary }) => {
    expect(summary).not.toBe('');
    const config = folder === 'proxies' ? resolve('evabyte-1m', name) : resolve(name);
    expect(config.steps).toBeGreaterThan(0);
  });

  it('has a name of its own', () => {
    const names = listPresets().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
