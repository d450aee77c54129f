import { createHash } from 'node:crypto';
import type { Tokenizer } from '../tokenizer.js';
import { readAddedTokens } from './added-tokens.js';
import { readBpe } from './bpe-file.js';
import { ByteLevelModel } from './byte-level-model.js';
import { CharacterModel } from './character-model.js';
import { readDecoder } from './decoders.js';
import { Field, parseJson } from './field.js';
import { readNormalizer } from './normalizers.js';
import { readPreTokenizer } from './pre-tokenizers.js';
import { HuggingFaceTokenizer } from './tokenizer.js';

/** Part of the fingerprint; raised when ids or bytes change for the same file. */
const ALGORITHM = 'huggingface-1';

/** Ids much higher than there are tokens would make tables of useless size. */
const MAX_IDS = 1 << 24;

/**
 * Loads a Hugging Face `tokenizer.json`. Ids are those of the Rust library (0.23) without what its post-processor,
 * truncation and padding add or take away.
 *
 * @param file the name of the file, for messages
 * @throws TokenizerError if the file is damaged, or has a part that is not supported, named with its field
 */
export function loadHuggingFace(bytes: Uint8Array, file: string): Tokenizer {
  const root = new Field(parseJson(bytes, file), file, '');
  const preTokenizer = readPreTokenizer(root.get('pre_tokenizer'));
  const normalizer = readNormalizer(root.get('normalizer'));
  const bpe = readBpe(root.get('model'));
  const addedTokens = readAddedTokens(root.get('added_tokens'), bpe.ids);
  const names = namesById(root, bpe.ids);
  const model = preTokenizer.byteLevel ? new ByteLevelModel(bpe, file) : new CharacterModel(bpe, names, file);
  const decoder = readDecoder(root.get('decoder'), preTokenizer.byteLevel);
  const { byteIds } = model;
  const isPlain =
    normalizer === null && preTokenizer.lossless && addedTokens.every((token) => !token.lstrip && !token.rstrip);
  return new HuggingFaceTokenizer({
    file,
    fingerprint: `${ALGORITHM}:${createHash('sha256').update(bytes).digest('hex')}`,
    lossless:
      isPlain && byteIds !== null && decoder.trims.length === 0 && standForBytes(byteIds, names, decoder.bytesOf),
    byteIds,
    addedTokens,
    normalizer,
    splitter: preTokenizer.splitter,
    model,
    decoder,
    names,
    ids: bpe.ids,
  });
}

function namesById(root: Field, ids: ReadonlyMap<string, number>): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const [name, id] of ids) {
    if (id >= MAX_IDS) throw root.get('model').get('vocab').unsupported(`ids from ${MAX_IDS} on are not supported`);
    names[id] = name;
  }
  return names;
}

/** Whether decoding the token of every byte gives that byte. */
function standForBytes(
  byteIds: ArrayLike<number>,
  names: readonly (string | undefined)[],
  bytesOf: (name: string) => Uint8Array,
): boolean {
  return Array.from(byteIds).every((id, byte) => {
    const bytes = bytesOf(names[id]!);
    return bytes.length === 1 && bytes[0] === byte;
  });
}
