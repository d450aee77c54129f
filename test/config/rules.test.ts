import { describe, expect, it } from 'vitest';
import { resolveSources, withBases } from '../../src/config/load.js';
import { presetSource } from '../../src/config/presets.js';
import type { Source } from '../../src/config/source.js';
import { ConfigError } from '../../src/support/errors.js';

/** A source that says the given dotted settings. */
function source(settings: Record<string, unknown>, kind: Source['kind'] = 'file'): Source {
  return {
    kind,
    bases: [],
    settings: Object.entries(settings).map(([name, value]) => ({ path: name.split('.'), value, label: 'test' })),
  };
}

const small = withBases(presetSource('evabyte-1m', { directory: '.', chain: [] }));
const resolve = (...sources: Record<string, unknown>[]) =>
  resolveSources([...small, ...sources.map((settings) => source(settings))]);

function problem(...sources: Record<string, unknown>[]): ConfigError {
  try {
    resolve(...sources);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

const schedule = {
  'data.schedule': null,
  'data.schedule.warmup': 1,
  'data.schedule.steady': 1,
  'data.schedule.decay': 0,
  'data.schedule.initialRate': 0.4,
  'data.schedule.peakRate': 0.9,
  'data.schedule.finalRate': 0.9,
  'data.schedule.initialMode': 'translation_random',
  'data.schedule.steadyMode': 'sentinel',
  'data.schedule.finalMode': 'sentinel',
};

describe('a setting that would be ignored', () => {
  it.each([
    ['optim.startDecayStep', { 'optim.startDecayStep': 5 }],
    ['optim.expFactor', { 'optim.expFactor': 0.5 }],
    ['optim.decayFraction', { 'optim.decayFraction': 0.1 }],
    ['optim.warmup', { 'optim.schedule': 'constant', 'optim.warmup': 5 }],
    ['loss.compressedWeight', { 'loss.compressedWeight': 0.5 }],
    ['loss.weightCompressed', { 'loss.weightCompressed': true }],
    ['loss.disableCrossBytePrediction', { 'loss.disableCrossBytePrediction': true }],
    ['compressors.bit', { 'compressors.bit.level': 3 }],
    ['data.codeField', { 'data.codeField': 'm1_ac_ow16' }],
    ['data.blockBytes', { 'data.shuffle': false, 'data.blockBytes': 10 }],
    ['vocabulary.multiple', { 'vocabulary.size': 640, 'vocabulary.multiple': 64 }],
    ['checkpoint.keepEvery', { 'checkpoint.keep': 0, 'checkpoint.keepEvery': 100 }],
    ['validation.batches', { 'validation.every': null, 'validation.batches': 2 }],
    ['logging.wandb.project', { 'logging.wandb.project': 'mine' }],
    ['data.rate', { ...schedule, 'data.rate': 0.5 }],
    ['data.mix', { ...schedule, 'data.mix': 'vanilla' }],
  ])('is an error: %s', (field, settings) => {
    const error = problem(settings);
    expect(error.location.field).toBe(field);
    expect(error.message).toContain('is not used');
    expect(error.hint).not.toBe('');
  });

  it('is an error in a later source than what makes it unused', () => {
    expect(problem(schedule, { 'data.rate': 0.5 }).location.field).toBe('data.rate');
  });

  it('is overridden, not wrong, when a later source makes it unused', () => {
    const { config, origins } = resolve({ 'data.rate': 0.5, 'data.mix': 'vanilla' }, schedule);
    expect(config.data).toMatchObject({ rate: 0, mix: 'sentinel', schedule: { peakRate: 0.9 } });
    expect(origins.get('data.rate')?.label).toBe('default');
  });

  it('is overridden together with what only it used', () => {
    const weighted = { 'loss.multibyteMask': true, 'loss.weightCompressed': true, 'loss.compressedWeight': 0.5 };
    const { config } = resolve(weighted, { 'loss.multibyteMask': false });
    expect(config.loss).toMatchObject({ weightCompressed: false, compressedWeight: 1 / 3 });
  });

  it('is used again when a later source replaces the schedule by constants', () => {
    const { config } = resolve(schedule, { 'data.schedule': null, 'data.rate': 0.5 });
    expect(config.data).toMatchObject({ rate: 0.5, schedule: null });
  });

  it('is fine as the options of the compressor in use', () => {
    const options = { 'compressors.bit.level': 3 };
    expect(resolve({ 'data.compressor': 'bit', ...options }).config.compressors).toEqual({ bit: { level: 3 } });
    expect(resolve({ 'data.compressor': 'bit', ...options }, { 'data.compressor': 'gzip' }).config.compressors).toEqual(
      {},
    );
  });
});

describe('settings that contradict each other', () => {
  it.each([
    ['batch.sequenceLength', { 'batch.sequenceLength': 500 }],
    ['data.sources', { 'data.sources': {} }],
    ['data.crop', { 'data.crop.every': 100, 'data.mix': 'translation_random' }],
    ['data.crop.starts', { 'data.crop.starts': 'code-16', 'data.rate': 0.5 }],
    ['bpb.cropsAt', { 'bpb.cropsAt': 'code-16' }],
    ['vocabulary.size', { 'vocabulary.size': 300 }],
    ['optim.decayFraction', { 'optim.schedule': 'wsd', 'optim.cycleLength': 0.1, 'optim.decayFraction': 0.1 }],
    ['optim.startDecayStep', { 'optim.schedule': 'linear_decay', 'optim.startDecayStep': 600 }],
    ['loss.multibyteMask', { 'model.rawHeads': 1, 'loss.multibyteMask': true }],
    ['model.rawHeads', { 'model.rawHeads': 1, 'data.rate': 1 }],
    ['validation.every', { 'data.validation': null }],
    ['bpb.contextBytes', { 'bpb.context': 512, 'bpb.contextBytes': 2048 }],
    ['bpb.stride', { 'bpb.context': 256, 'bpb.stride': 512 }],
    ['bpb.stride', { 'bpb.crops': true, 'bpb.stride': 64 }],
    ['bpb.contextBytes', { 'bpb.crops': true, 'bpb.contextBytes': 64 }],
    ['bpb.context', { 'bpb.context': 100 }],
  ])('are an error at %s', (field, settings) => {
    const error = problem(settings);
    expect(error.location.field).toBe(field);
    expect(error.hint).not.toBe('');
  });

  it('do not include a vocabulary without raw bytes where only compressed text is trained', () => {
    expect(resolve({ 'vocabulary.size': 128, 'data.rate': 1 }).config.vocabulary.size).toBe(128);
  });
});
