import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../src/support/errors.js';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { encodeBytes } from '../../src/tokenizers/index.js';
import { byteLevelFile, characterFile } from './tiny-files.js';

const tokenizer = loadHuggingFace(
  Buffer.from(byteLevelFile({ pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } })),
  'f',
);

describe('documents that are not valid UTF-8', () => {
  it('are text where they are valid and single bytes where not', () => {
    const { byteIds } = tokenizer;
    const ids = encodeBytes(tokenizer, Buffer.from('hello\xc3\x28hello\xff', 'latin1'));
    const hello = tokenizer.tokenId('hello')!;
    expect(Array.from(ids)).toEqual([hello, byteIds![0xc3], byteIds![0x28], hello, byteIds![0xff]]);
  });

  it('come back byte for byte, whatever they are', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
      ),
    );
    fc.assert(
      fc.property(bytes, (parts) => {
        const document = Buffer.concat(parts);
        expect(Buffer.compare(tokenizer.decode(encodeBytes(tokenizer, document)), document)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused where there are no tokens of bytes', () => {
    const characters = loadHuggingFace(Buffer.from(characterFile({}, { byte_fallback: false })), 'f');
    expect(() => encodeBytes(characters, Uint8Array.of(0xff))).toThrow(TokenizerError);
  });

  it('keep a byte order mark', () => {
    const document = Buffer.from('\ufeffhello');
    expect(Buffer.compare(tokenizer.decode(encodeBytes(tokenizer, document)), document)).toBe(0);
  });
});
