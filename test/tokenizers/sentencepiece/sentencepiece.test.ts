import { describe, expect, it } from 'vitest';
import { loadSentencePiece } from '../../../src/tokenizers/sentencepiece/index.js';
import { type Expectation, fixture, modelBytes, modelNames } from './fixtures.js';

const texts = fixture<string[]>('cases');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe.each(modelNames)('the model %s', (name) => {
  const tokenizer = loadSentencePiece(modelBytes(name), `${name}.model`);
  const expected = fixture<Expectation[]>(name);

  it('encodes as the library does', () => {
    expect(texts.map((it) => Array.from(tokenizer.encode(it)))).toEqual(expected.map(([ids]) => ids));
  });

  it('decodes as the library does', () => {
    expect(expected.map(([ids]) => text(tokenizer.decode(ids)))).toEqual(expected.map(([, decoded]) => decoded));
  });
});

describe('a SentencePiece tokenizer', () => {
  const bytes = loadSentencePiece(modelBytes('bpe-bytes'), 'bpe-bytes.model');

  it('decodes byte pieces to their bytes, valid UTF-8 or not', () => {
    const ids = [0xff, 0x00, 0xe2].map((byte) => bytes.byteIds![byte]!);
    expect([...bytes.decode(ids)]).toEqual([0xff, 0x00, 0xe2]);
  });

  it('knows its pieces by name', () => {
    expect(bytes.tokenId('<s>')).toBe(1);
    expect(bytes.tokenName(2)).toBe('</s>');
    expect(bytes.tokenId('no such piece')).toBeUndefined();
    expect(bytes.tokenName(bytes.vocabularySize)).toBeUndefined();
  });

  it('gives the bytes of one piece, with a space for ▁ and none for a control piece', () => {
    const ids = bytes.encode('return');
    expect(text(bytes.tokenBytes(ids[0]!)!)).toMatch(/^ /);
    expect(bytes.tokenBytes(1)).toEqual(new Uint8Array(0));
  });

  it('refuses ids outside the vocabulary', () => {
    expect(() => bytes.decode([bytes.vocabularySize])).toThrow(/is not an id of this tokenizer/);
  });

  it('merges a long text without a place to cut it', () => {
    const long = 'a'.repeat(300_000);
    expect(text(bytes.decode(bytes.encode(long)))).toBe(long);
  });

  it('has a fingerprint that tells models apart', () => {
    const other = loadSentencePiece(modelBytes('bpe-ties'), 'bpe-ties.model');
    expect(other.fingerprint).not.toBe(bytes.fingerprint);
  });
});

describe('a file that is no complete SentencePiece model', () => {
  const bytes = modelBytes('bpe-ties');

  it('is told from a Git LFS pointer', () => {
    const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1535725\n');
    expect(() => loadSentencePiece(pointer, 'tokenizer.model')).toThrow(/Git LFS pointer/);
  });

  it('is refused with its name and a reason wherever it is cut off', () => {
    for (let length = 0; length < bytes.length; length += 997) {
      expect(() => loadSentencePiece(bytes.subarray(0, length), 'cut.model')).toThrow(
        expect.objectContaining({ code: 'tokenizer', location: expect.objectContaining({ file: 'cut.model' }) }),
      );
    }
  });

  it('is refused, or loaded, but never ends in another error when a byte is changed', () => {
    for (let at = 0; at < bytes.length; at += 499) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0xff;
      try {
        loadSentencePiece(changed, 'changed.model');
      } catch (error) {
        expect(error).toMatchObject({ code: 'tokenizer' });
      }
    }
  });
});
