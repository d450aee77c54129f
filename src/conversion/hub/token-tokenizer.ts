import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { BOS, COMPRESSED_START, EOS, PAD, SPECIAL_COUNT } from '../../vocabulary/layout.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { specialName } from './byte-tokenizer.js';

/*
 * The tokenizer of a model that was trained on tokens alone, with the ids that the model knows: our specials first, and each
 * token as far behind as the model has it. `tokenizers` gives a token the id that the vocabulary has for it, whatever the list
 * of added tokens says, so all of them are written into the vocabulary.
 */

/** Ids by token. Not `z.record`, which loses the token `__proto__` that vocabularies of source code have. */
const vocabularyOfFile = z.custom<Readonly<Record<string, number>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((id) => Number.isInteger(id) && id >= 0),
);

const bpeFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ content: z.string(), id: z.int().nonnegative() })).nullish(),
  model: z.looseObject({ type: z.literal('BPE'), vocab: vocabularyOfFile }),
});

/** How text was shown to the model. */
export interface ShownTokens {
  layout: VocabularyLayout;
  addBos: boolean;
  mix: string;
}

/** Content of `tokenizer.json`, and of the configuration beside it. */
export interface TokenTokenizer {
  tokenizer: object;
  config: object;
}

/**
 * @param file `tokenizer.json`, or that with gzip: whether it is the tokenizer of the training is for the caller to know
 * @returns null if it is no file of BPE in that form: other forms have no ids that could be moved
 */
export async function tokenTokenizer(file: string, shown: ShownTokens): Promise<TokenTokenizer | null> {
  const bytes = await readFile(file);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const parsed = bpeFile.safeParse(parseJson((isPacked ? await promisify(gunzip)(bytes) : bytes).toString('utf8')));
  return parsed.success ? moved(parsed.data, shown) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function moved(file: z.infer<typeof bpeFile>, { layout, addBos, mix }: ShownTokens): TokenTokenizer {
  const tokens = file.added_tokens ?? [];
  // The vocabulary's id is the one that counts, also for a token that is listed with another.
  const ids = new Map(tokens.map(({ content, id }) => [content, id]));
  for (const [content, id] of Object.entries(file.model.vocab)) ids.set(content, id);
  const idOf = (content: string): number => layout.compressedOffset + ids.get(content)!;
  const specials = Array.from({ length: SPECIAL_COUNT }, (_, id) => ({ id, content: freeName(specialName(id), ids) }));
  const nameOf = (id: number): string => specials[id]!.content;
  const vocabulary = [
    ...specials.map(({ id, content }): [string, number] => [content, id]),
    ...[...ids.keys()].map((content): [string, number] => [content, idOf(content)]),
  ];
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const beginning = [...(addBos ? [BOS] : []), ...(mix === 'vanilla' ? [] : [COMPRESSED_START])];
  return {
    tokenizer: {
      ...file,
      truncation: null,
      padding: null,
      added_tokens: [
        ...specials.map((special) => ({ ...special, ...plain })),
        ...tokens.map((token) => ({ ...token, id: idOf(token.content) })),
      ],
      post_processor: beginningWith(beginning.map((id) => ({ id, content: nameOf(id) }))),
      model: { ...file.model, vocab: Object.fromEntries(vocabulary) },
    },
    config: {
      bos_token: nameOf(BOS),
      clean_up_tokenization_spaces: false,
      eos_token: nameOf(EOS),
      pad_token: nameOf(PAD),
      tokenizer_class: 'PreTrainedTokenizerFast',
    },
  };
}

/** The name, unless a token of the model has it. */
function freeName(name: string, taken: ReadonlyMap<string, number>): string {
  let free = name;
  while (taken.has(free)) free = `<${free}>`;
  return free;
}

/** What stands before every text. */
function beginningWith(specials: readonly { id: number; content: string }[]): object | null {
  if (specials.length === 0) return null;
  const first = specials.map(({ content }) => ({ SpecialToken: { id: content, type_id: 0 } }));
  const text = (id: 'A' | 'B') => ({ Sequence: { id, type_id: 0 } });
  return {
    type: 'TemplateProcessing',
    single: [...first, text('A')],
    pair: [...first, text('A'), ...first, text('B')],
    special_tokens: Object.fromEntries(
      specials.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
    ),
  };
}
