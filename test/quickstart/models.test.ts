import { describe, expect, it } from 'vitest';
import { resolvedViews, symbolsPerStep } from '../../src/config/index.js';
import { compressionAt } from '../../src/data/compression-schedule.js';
import { quickstartLayout } from '../../src/quickstart/layout.js';
import { QUICKSTART_MODELS, runConfig } from '../../src/quickstart/models.js';

const layout = quickstartLayout('first');
const modelOf = (name: string) => QUICKSTART_MODELS.find((model) => model.name === name)!;
const configOf = (name: string, steps = 200) => runConfig(modelOf(name), steps, layout).config;
const PROXIES = ['gzip', 'bpe', 'neural'];

describe('the models of a quickstart', () => {
  it.each(PROXIES)('share all that a comparison of %s needs', (name) => {
    const [bytes, proxy] = [configOf('bytes'), configOf(name)];
    expect(resolvedViews(proxy)).toBe(resolvedViews(bytes));
    expect(symbolsPerStep(proxy)).toBe(symbolsPerStep(bytes));
    for (const part of ['steps', 'seed', 'model', 'optim', 'loss', 'batch', 'bpb'] as const)
      expect(proxy[part]).toEqual(bytes[part]);
  });

  it.each(PROXIES)('differ in what they read: raw bytes, or %s in the two phases of the reference', (name) => {
    for (const step of [0, 100, 199]) expect(compressionAt(configOf('bytes').data, step).rate).toBe(0);
    const { data } = configOf(name);
    expect(compressionAt(data, 0)).toEqual({ mode: 'translation_random', rate: 0.4 });
    expect(compressionAt(data, 39).mode).toBe('translation_random');
    expect(compressionAt(data, 40)).toEqual({ mode: 'sentinel', rate: 0.9 });
    expect(compressionAt(data, 199)).toEqual({ mode: 'sentinel', rate: 0.9 });
  });

  it.each([1, 2, 10, 10_000])('have a configuration for %i steps', (steps) => {
    for (const { name } of QUICKSTART_MODELS) expect(configOf(name, steps).steps).toBe(steps);
  });

  it('keep all their files below the directory of the quickstart', () => {
    const { output, data } = configOf('gzip');
    for (const path of [output, data.root, data.validation]) expect(path).toMatch(/^first\//);
  });
});
