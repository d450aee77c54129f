import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/support/errors.js';
import { vocabularyOptions } from '../../src/vocabulary/options.js';
import { requireRawBytes, requireVocabularyFits, vocabularyLayout } from '../../src/vocabulary/vocabulary.js';

const BOTH = { raw: true, compressed: true };
const layout = (options: object, alphabet: number, trained = BOTH) =>
  vocabularyLayout(vocabularyOptions.parse(options), alphabet, trained);

describe('vocabularyLayout', () => {
  it.each([
    ['bytes alone', {}, 256, { raw: true, compressed: false }, 320],
    ['gzip, separate embedding', { separateEmbedding: true }, 256, BOTH, 576],
    ['neural pack_16, shared embedding', {}, 256 + 65536, BOTH, 65856],
    ['tokens, separate embedding', { separateEmbedding: true }, 96640, BOTH, 96960],
    ['doublebyte alone', {}, 65536, { raw: false, compressed: true }, 65600],
    ['halfbyte alone, rounded', { multiple: 128 }, 16, { raw: false, compressed: true }, 128],
  ])('derives the size of the reference table: %s', (_, options, alphabet, trained, size) => {
    expect(layout(options, alphabet, trained).size).toBe(size);
  });

  it('keeps all raw bytes where a small alphabet shares their ids', () => {
    expect(layout({}, 16)).toEqual({ size: 320, compressedOffset: 64, alphabetSize: 16, rawIncluded: true });
  });

  it('pads to a larger table on request', () => {
    expect(layout({ size: 1024 }, 256).size).toBe(1024);
  });

  it('refuses a table that the symbols do not fit, naming the setting and the least size', () => {
    expect(() => layout({ size: 575, separateEmbedding: true }, 256)).toThrow(ConfigError);
    expect(() => layout({ size: 575, separateEmbedding: true }, 256)).toThrow(
      expect.objectContaining({ location: { field: 'vocabulary.size' }, hint: expect.stringContaining('576') }),
    );
  });
});

describe('requirements on a vocabulary', () => {
  it('refuses a model whose embedding is too small', () => {
    expect(() => requireVocabularyFits(layout({ separateEmbedding: true }, 256), 320)).toThrow(/576 ids.*320 rows/);
    expect(() => requireVocabularyFits(layout({}, 256), 320)).not.toThrow();
  });

  it('refuses raw text for a model that was trained on compressed text alone', () => {
    expect(() => requireRawBytes(layout({}, 256, { raw: false, compressed: true }))).toThrow(ConfigError);
    expect(() => requireRawBytes(layout({}, 256))).not.toThrow();
  });
});
