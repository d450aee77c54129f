import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TokenizerError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import { Field } from '../huggingface/field.js';
import type { AddedToken, Tokenizer } from '../tokenizer.js';

/** Names of special tokens in `tokenizer_config.json` and `special_tokens_map.json`, with what they are by default. */
const SPECIAL_TOKENS = { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' } as const;
const OTHER_SPECIAL_TOKENS = ['sep_token', 'cls_token', 'mask_token'];
const ADDITIONAL = 'additional_special_tokens';

/**
 * The added tokens of a tokenizer of the transformers library that is written in Python, in order of id:
 * `added_tokens_decoder` of `tokenizer_config.json`, or, where an older file has none, the ids of `added_tokens.json`;
 * and the special tokens, which text may also contain, with the ids that the model's own vocabulary has for them.
 *
 * @throws TokenizerError if a file is damaged or a special token has no id
 */
export async function readAddedTokens(directory: string, model: Tokenizer): Promise<AddedToken[]> {
  const config = await readJson(join(directory, 'tokenizer_config.json'));
  const specialTokensMap = await readJson(join(directory, 'special_tokens_map.json'));
  const special = specialTokens(config, specialTokensMap);
  const tokens = new Map<string, AddedToken>();
  const decoder = config?.get('added_tokens_decoder');
  if (decoder !== undefined && !decoder.isAbsent) {
    for (const id of Object.keys(decoder.object())) {
      const token = describedToken(decoder.get(id), idOf(id, decoder));
      tokens.set(token.content, token);
    }
  } else {
    const ids = await readJson(join(directory, 'added_tokens.json'));
    for (const content of Object.keys(ids?.object() ?? {})) {
      tokens.set(content, plainToken(content, ids!.get(content).count(), special.has(content)));
    }
  }
  for (const [content, field] of special) {
    if (tokens.has(content)) continue;
    const id = model.tokenId(content);
    if (id === undefined) {
      throw new TokenizerError(`the special token ${JSON.stringify(content)} has no id`, {
        file: field?.file,
        field: field?.path,
        hint: 'Give it one in added_tokens.json.',
      });
    }
    tokens.set(content, plainToken(content, id, true));
  }
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}

/** The special tokens, and where each is named; the configuration goes before the map, and the map before defaults. */
function specialTokens(config: Field | undefined, map: Field | undefined): Map<string, Field | undefined> {
  const tokens = new Map<string, Field | undefined>();
  const sources = [config, map].filter((source) => source !== undefined);
  const named = (name: string) => sources.map((source) => source.get(name)).find((field) => !field.isAbsent);
  for (const name of [...Object.keys(SPECIAL_TOKENS), ...OTHER_SPECIAL_TOKENS]) {
    const field = named(name);
    if (field !== undefined) tokens.set(contentOf(field), field);
    else if (name in SPECIAL_TOKENS) tokens.set(SPECIAL_TOKENS[name as keyof typeof SPECIAL_TOKENS], undefined);
  }
  for (const field of named(ADDITIONAL)?.items() ?? []) tokens.set(contentOf(field), field);
  return tokens;
}

/** A special token is written as a string, or as an object that describes it. */
function contentOf(field: Field): string {
  return typeof field.value === 'string' ? field.value : field.get('content').string();
}

function describedToken(field: Field, id: number): AddedToken {
  const content = field.get('content').string();
  if (content === '') throw field.damaged('an added token is empty');
  return {
    id,
    content,
    special: field.get('special').boolean(false),
    lstrip: field.get('lstrip').boolean(false),
    rstrip: field.get('rstrip').boolean(false),
    normalized: field.get('normalized').boolean(false),
    singleWord: field.get('single_word').boolean(false),
  };
}

function plainToken(content: string, id: number, special: boolean): AddedToken {
  return { id, content, special, lstrip: false, rstrip: false, normalized: !special, singleWord: false };
}

function idOf(text: string, decoder: Field): number {
  if (!/^\d{1,9}$/.test(text)) throw decoder.damaged(`${JSON.stringify(text)} is not an id`);
  return Number(text);
}

/** A JSON file, or undefined if there is none. */
async function readJson(file: string): Promise<Field | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    if (systemErrorCode(cause) === undefined) throw cause;
    throw new TokenizerError(`the file cannot be read (${systemErrorCode(cause)})`, { file, cause });
  }
  try {
    return new Field(JSON.parse(text), file, '');
  } catch (cause) {
    throw new TokenizerError('the file is not valid JSON', { file, hint: 'Fetch it again.', cause });
  }
}
