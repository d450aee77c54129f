import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeOptions, parsePluginOptions } from '../../src/plugins/plugin-options.js';
import { ConfigError } from '../../src/support/errors.js';

const schema = z.strictObject({
  engine: z.enum(['fast', 'small']).default('fast').describe('which engine'),
  level: z.int().min(0).max(9).default(6),
  ratio: z.number().positive().nullable().default(null),
  names: z.array(z.string()).default([]),
  seed: z.int().optional(),
  cache: z.strictObject({ size: z.int().min(1).default(10).describe('entries') }).prefault({}),
});

describe('options of a plugin', () => {
  it('get their defaults', () => {
    expect(parsePluginOptions(schema, { level: 1 }, 'compressors.mine')).toMatchObject({ engine: 'fast', level: 1 });
  });

  it('that are wrong are refused, naming the setting and the command that lists them', () => {
    const parse = () => parsePluginOptions(schema, { cache: { size: 0 } }, 'compressors.mine');
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(
      expect.objectContaining({
        location: { field: 'compressors.mine.cache.size' },
        hint: expect.stringContaining('pc compressors show mine'),
      }),
    );
  });

  it.each([
    [{ level: 99 }, 'compressors.mine.level: must be at most 9 (it is 99)'],
    [{ level: 1.5 }, 'compressors.mine.level: must be a whole number (it is 1.5)'],
    [{ ratio: 0 }, 'compressors.mine.ratio: must be greater than 0 (it is 0)'],
    [{ cache: { size: 'ten' } }, 'compressors.mine.cache.size: must be a number (it is "ten")'],
    [{ cache: 3 }, 'compressors.mine.cache: must be a mapping (it is 3)'],
    [{ names: [1] }, 'compressors.mine.names.0: must be a text (it is 1)'],
  ])('that are wrong are told in the words of settings: %j', (options, message) => {
    expect(() => parsePluginOptions(schema, options, 'compressors.mine')).toThrow(expect.objectContaining({ message }));
  });

  it('that are not given and have no default are said to be missing', () => {
    const required = z.strictObject({ file: z.string().min(1) });
    expect(() => parsePluginOptions(required, {}, 'compressors.mine')).toThrow('compressors.mine.file is missing');
    expect(() => parsePluginOptions(required, { file: '' }, 'compressors.mine')).toThrow(
      'compressors.mine.file: must have at least 1 character (it is "")',
    );
  });

  it('that are a near choice are told which', () => {
    expect(() => parsePluginOptions(schema, { engine: 'fats' }, 'compressors.mine')).toThrow(
      expect.objectContaining({
        message: 'compressors.mine.engine: must be one of fast, small (it is "fats")',
        hint: 'Did you mean fast?',
      }),
    );
  });

  it('that are unknown are refused, naming them', () => {
    expect(() => parsePluginOptions(schema, { levle: 1 }, 'compressors.mine')).toThrow(
      expect.objectContaining({
        message: 'there is no option compressors.mine.levle',
        location: { field: 'compressors.mine.levle' },
        hint: 'Did you mean compressors.mine.level? `pc compressors show mine` lists the options.',
      }),
    );
    expect(() => parsePluginOptions(schema, { cache: { siez: 1 } }, 'compressors.mine')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Did you mean compressors.mine.cache.size?') }),
    );
  });

  it('are described by type, range, default and meaning', () => {
    expect(describeOptions(schema)).toEqual([
      { name: 'engine', type: 'fast | small', default: 'fast', description: 'which engine' },
      { name: 'level', type: 'integer, 0 to 9', default: 6 },
      { name: 'ratio', type: 'number, above 0 | null', default: null },
      { name: 'names', type: 'list of string', default: [] },
      { name: 'seed', type: 'integer' },
      { name: 'cache.size', type: 'integer, at least 1', default: 10, description: 'entries' },
    ]);
  });
});
