import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../src/support/errors.js';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { loadTokenizer } from '../../src/tokenizers/index.js';
import { byteLevelFile, characterFile } from './tiny-files.js';

function refusal(json: string): TokenizerError {
  try {
    loadHuggingFace(Buffer.from(json), 'some/tokenizer.json');
  } catch (error) {
    if (error instanceof TokenizerError) return error;
    throw error;
  }
  throw new Error('the file was loaded');
}

const sequence = (...pretokenizers: object[]) => ({ pre_tokenizer: { type: 'Sequence', pretokenizers } });

describe('what is not supported is refused with its name, file and field', () => {
  it.each([
    ['model.type', /WordPiece/, byteLevelFile({}, { type: 'WordPiece' })],
    ['model.type', /WordLevel/, byteLevelFile({}, { type: 'WordLevel' })],
    ['model.dropout', /dropout/, byteLevelFile({}, { dropout: 0.1 })],
    ['pre_tokenizer', /UnicodeScripts/, byteLevelFile({ pre_tokenizer: { type: 'UnicodeScripts' } })],
    ['pre_tokenizer.pretokenizers[0]', /BertPreTokenizer/, byteLevelFile(sequence({ type: 'BertPreTokenizer' }))],
    ['pre_tokenizer.pretokenizers[0]', /last/, byteLevelFile(sequence({ type: 'ByteLevel' }, { type: 'Digits' }))],
    ['normalizer', /BertNormalizer/, byteLevelFile({ normalizer: { type: 'BertNormalizer' } })],
    ['normalizer', /constructor/, byteLevelFile({ normalizer: { type: 'constructor' } })],
    ['decoder', /WordPiece/, byteLevelFile({ decoder: { type: 'WordPiece' } })],
    [
      'decoder.decoders[1]',
      /behind Fuse/,
      characterFile({ decoder: { type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'ByteFallback' }] } }),
    ],
    ['model.merges', /merge 0 .*"zz"/, characterFile({}, { merges: ['zz a'] })],
    ['model.merges', /not a pair/, characterFile({}, { merges: ['a'] })],
    ['model.vocab', /id of "a"/, characterFile({}, { vocab: { a: -1 } })],
    ['model.vocab', /object/, characterFile({}, { vocab: null })],
  ])('%s: %s', (field, message, json) => {
    const error = refusal(json);
    expect(error.message).toMatch(message);
    expect(error.location).toEqual({ file: 'some/tokenizer.json', field });
    expect(error.hint).toBeTruthy();
  });

  it('names the pattern that cannot be carried out', () => {
    const pattern = { Regex: '(a)\\1' };
    const error = refusal(byteLevelFile(sequence({ type: 'Split', pattern, behavior: 'Isolated' })));
    expect(error.message).toContain('"(a)\\\\1"');
    expect(error.location.field).toBe('pre_tokenizer.pretokenizers[0].pattern.Regex');
  });

  it('is said of files that are no JSON, and of paths where there is nothing', async () => {
    expect(refusal('version https://git-lfs').message).toMatch(/not JSON/);
    await expect(loadTokenizer('/nowhere/tokenizer.json')).rejects.toThrow(TokenizerError);
  });
});

describe('what cannot be encoded or decoded is refused', () => {
  const tokenizer = loadHuggingFace(Buffer.from(byteLevelFile({ pre_tokenizer: { type: 'ByteLevel' } })), 'f');

  it('half a character', () => {
    expect(() => tokenizer.encode('a\ud800b')).toThrow(/surrogate, U\+D800/);
    // What came before the failure is not part of the next text.
    expect(Array.from(tokenizer.encode('a'))).toHaveLength(1);
  });

  it('ids that no token has', () => {
    expect(() => tokenizer.decode([tokenizer.vocabularySize])).toThrow(TokenizerError);
  });

  it('characters without a token, where nothing stands for the unknown', () => {
    const json = characterFile({}, { unk_token: null, byte_fallback: false });
    expect(() => loadHuggingFace(Buffer.from(json), 'f').encode('a↯')).toThrow(/"↯"/);
  });
});
