import { BYTE_CHARACTERS } from '../../tokenizers/huggingface/byte-alphabet.js';
import { byteLevelFile } from '../../tokenizers/huggingface/byte-level-file.js';
import {
  BOS,
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

/** How tokenizer files call a special. */
export const specialName = (id: number): string => SPECIAL_NAMES[id] ?? `<extra_id_${id}>`;

/** Content of `tokenizer.json`. */
export function byteTokenizer(): object {
  const specials = Array.from({ length: SPECIAL_COUNT }, (_, id) => specialName(id));
  const vocabulary = Object.fromEntries([
    ...specials.map((name, id): [string, number] => [name, id]),
    ...BYTE_CHARACTERS.map((character, byte): [string, number] => [character, RAW_OFFSET + byte]),
  ]);
  const bos = specialName(BOS);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const first = { SpecialToken: { id: bos, type_id: 0 } };
  const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  return byteLevelFile({
    specials: specials.map((content, id) => ({ id, content })),
    preTokenizer: byteLevel,
    postProcessor: {
      type: 'TemplateProcessing',
      single: [first, text('A')],
      pair: [first, text('A'), first, text('B')],
      special_tokens: { [bos]: { id: bos, ids: [BOS], tokens: [bos] } },
    },
    decoder: byteLevel,
    vocabulary,
    merges: [],
  });
}

/** Content of `tokenizer_config.json` beside it. */
export const BYTE_TOKENIZER_CONFIG = {
  bos_token: specialName(BOS),
  clean_up_tokenization_spaces: false,
  eos_token: specialName(EOS),
  pad_token: specialName(PAD),
  tokenizer_class: 'PreTrainedTokenizerFast',
} as const;
