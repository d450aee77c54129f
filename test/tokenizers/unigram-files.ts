import { readModelFile } from '../../src/tokenizers/sentencepiece/model-file.js';
import { modelBytes } from './sentencepiece/fixtures.js';
import { addedToken, BYTES, modelFile } from './tiny-files.js';

/**
 * `tokenizer.json` files of `Unigram` models, put together around trained SentencePiece models as the converters of
 * `transformers` do it for the models named.
 */

const charsMap = (name: string) => ({
  type: 'Precompiled',
  precompiled_charsmap: Buffer.from(readModelFile(modelBytes(name), name).normalization.charsMap).toString('base64'),
});

const metaspace = (options: object = {}) => ({
  type: 'Metaspace',
  replacement: '▁',
  prepend_scheme: 'always',
  split: true,
  ...options,
});

function unigram(name: string, options: object = {}): Record<string, unknown> {
  const { pieces } = readModelFile(modelBytes(name), name);
  const vocab = pieces.map((piece) => [piece.name, piece.score]);
  return { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false, ...options };
}

const controls = ['<unk>', '<s>', '</s>'].map((name, id) => addedToken(id, name, { special: true }));

const blanks = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' };

export const UNIGRAM_FILES: Readonly<Record<string, () => string>> = {
  'XLM-RoBERTa': () =>
    modelFile(unigram('unigram-nmt-nfkc'), {
      added_tokens: [...controls, addedToken(2000, '<mask>', { special: true, lstrip: true })],
      normalizer: charsMap('unigram-nmt-nfkc'),
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace()] },
      decoder: metaspace(),
    }),
  ALBERT: () =>
    modelFile(unigram('unigram-nfkc-cf'), {
      added_tokens: controls,
      normalizer: {
        type: 'Sequence',
        normalizers: [{ type: 'NFKD' }, { type: 'Lowercase' }, charsMap('unigram-nfkc-cf'), blanks],
      },
      pre_tokenizer: metaspace({ prepend_scheme: 'first' }),
      decoder: metaspace(),
    }),
  'a converted model with byte fallback': () =>
    modelFile(unigram('unigram-code', { byte_fallback: true }), {
      added_tokens: controls,
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
    }),
  'many equal scores, without added tokens': () =>
    modelFile(unigram('unigram-ties', { byte_fallback: true }), {
      pre_tokenizer: metaspace({ prepend_scheme: 'never', split: false }),
      decoder: metaspace({ prepend_scheme: 'never' }),
    }),
};

/** Over the characters of bytes, which no converter writes, but the library reads. */
export function byteLevelUnigram(): string {
  const names = [...BYTES, 'Ġa', 'he', 'llo', 'hello', 'Ġhello', 'Ã©', 'aa', 'aaa'];
  const vocab = names.map((name, id) => [name, -5 - ((id * 37) % 11) / 3 + name.length]);
  return modelFile(
    { type: 'Unigram', unk_id: null, vocab, byte_fallback: false },
    {
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true },
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true },
    },
  );
}
