import {
  BOS,
  BYTE_COUNT,
  COMPRESSED_END,
  COMPRESSED_START,
  EOS,
  PAD,
  RAW_END,
  RAW_OFFSET,
  RAW_START,
  SEPARATOR,
  SPECIAL_COUNT,
  UNKNOWN,
} from '../../vocabulary/layout.js';

/**
 * Our ids of raw bytes as files that `tokenizers` and `transformers` read without code of anybody's: a vocabulary of 256
 * bytes without merges, after the specials.
 */

/** The names of the specials that have one (behaviour §2.1); others are `<extra_id_…>`. */
const SPECIAL_NAMES: Readonly<Record<number, string>> = {
  [PAD]: '<pad>',
  [BOS]: '<bos>',
  [EOS]: '<eos>',
  [UNKNOWN]: '<unk>',
  [SEPARATOR]: '<sep>',
  [RAW_START]: '<raw>',
  [RAW_END]: '</raw>',
  [COMPRESSED_START]: '<comp>',
  [COMPRESSED_END]: '</comp>',
};

const specialName = (id: number): string => SPECIAL_NAMES[id] ?? `<extra_id_${id}>`;

/**
 * The characters that `ByteLevel` writes bytes as (GPT-2's table): printable ones of Latin-1 stand for themselves, the
 * others, in order, for the characters from U+0100 on.
 */
function byteCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let others = 0;
  return Array.from({ length: BYTE_COUNT }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : 0x1_00 + others++),
  );
}

/** Content of `tokenizer.json`. */
export function byteTokenizer(): object {
  const specials = Array.from({ length: SPECIAL_COUNT }, (_, id) => specialName(id));
  const vocab = Object.fromEntries([
    ...specials.map((name, id): [string, number] => [name, id]),
    ...byteCharacters().map((character, byte): [string, number] => [character, RAW_OFFSET + byte]),
  ]);
  const bos = specialName(BOS);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const first = { SpecialToken: { id: bos, type_id: 0 } };
  const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: 'TemplateProcessing',
      single: [first, text('A')],
      pair: [first, text('A'), first, text('B')],
      special_tokens: { [bos]: { id: bos, ids: [BOS], tokens: [bos] } },
    },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: [],
    },
  };
}

/** Content of `tokenizer_config.json` beside it. */
export const BYTE_TOKENIZER_CONFIG = {
  bos_token: specialName(BOS),
  clean_up_tokenization_spaces: false,
  eos_token: specialName(EOS),
  pad_token: specialName(PAD),
  tokenizer_class: 'PreTrainedTokenizerFast',
} as const;
