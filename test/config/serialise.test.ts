import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfigFile, resolveSources, withBases } from '../../src/config/load.js';
import { presetSource } from '../../src/config/presets.js';
import { readSerialisedConfig, serialiseConfig } from '../../src/config/serialise.js';
import type { Source } from '../../src/config/source.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const base = withBases(presetSource('gzip-proxy-1m', { directory: '.', chain: [] }));

function resolve(settings: Record<string, unknown>) {
  const source: Source = {
    kind: 'flag',
    bases: [],
    settings: Object.entries(settings).map(([name, value]) => ({ path: name.split('.'), value, label: '--set' })),
  };
  return resolveSources([...base, source]);
}

/** Texts that mean something in YAML, besides arbitrary ones. */
const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.constantFrom(
    'null',
    'true',
    '60_000',
    '1e-3',
    '0x1f',
    '~',
    '- a',
    'a: b',
    '# c',
    '"',
    "'",
    ' x ',
    'a\nb\n',
    '---',
  ),
);

describe('a serialised configuration', () => {
  it('loads back to itself, whatever its texts and numbers', async () => {
    const file = join(temporaryDirectory(), 'config.yaml');
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
        fc.nat(),
        fc.dictionary(text, fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minKeys: 1, noNullPrototype: true }),
        async (output, learningRate, seed, options) => {
          const { config, origins } = resolve({
            output,
            'optim.learningRate': learningRate,
            seed,
            'compressors.gzip': options,
          });
          writeFileSync(file, serialiseConfig(config, origins));
          expect((await loadConfigFile(file)).config).toEqual(config);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('tells each setting and its origin to a reader who does not judge it', () => {
    const { config, origins } = resolve({ seed: 7 });
    const settings = readSerialisedConfig(serialiseConfig(config, origins));
    expect(settings).toContainEqual({ path: ['seed'], value: 7, origin: '--set' });
    expect(settings).toContainEqual({ path: ['optim', 'beta1'], value: 0.9, origin: undefined });
    expect(settings).toContainEqual({
      path: ['data', 'schedule', 'warmup'],
      value: 120,
      origin: 'preset gzip-proxy-1m',
    });
  });
});
