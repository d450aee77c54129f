import { createHash } from 'node:crypto';
import type { Tokenizer } from '../tokenizer.js';
import { readAddedTokens } from './added-tokens.js';
import { type BpeFile, readBpe } from './bpe-file.js';
import { ByteLevelModel } from './byte-level-model.js';
import { CharacterModel } from './character-model.js';
import { readDecoder } from './decoders.js';
import { Field, parseJson } from './field.js';
import { readNormalizer } from './normalizers.js';
import { readPreTokenizer } from './pre-tokenizers.js';
import type { TextModel } from './text-model.js';
import { HuggingFaceTokenizer } from './tokenizer.js';
import { readUnigram, type UnigramFile } from './unigram-file.js';
import { UnigramModel } from './unigram-model.js';

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
  const modelFile = readModel(root.get('model'));
  const { ids } = modelFile;
  const addedTokens = readAddedTokens(root.get('added_tokens'), ids);
  const names = namesById(root, modelFile);
  const model = modelOf(modelFile, names, preTokenizer.byteLevel, file);
  const decoder = readDecoder(root.get('decoder'), preTokenizer.byteLevel);
  const { byteIds } = model;
  const isPlain =
    normalizer === null && preTokenizer.lossless && addedTokens.every((token) => !token.lstrip && !token.rstrip);
  return new HuggingFaceTokenizer({
    file,
    fingerprint: `${ALGORITHM}:${createHash('sha256').update(bytes).digest('hex')}`,
    lossless:
      isPlain &&
      model.lossless &&
      byteIds !== null &&
      decoder.trims.length === 0 &&
      standForBytes(byteIds, names, decoder.bytesOf),
    byteIds,
    addedTokens,
    normalizer,
    splitter: preTokenizer.splitter,
    model,
    decoder,
    names,
    ids,
  });
}

type ModelFile = BpeFile | UnigramFile;

/** Old files do not name their model. */
function readModel(field: Field): ModelFile {
  const type = field.get('type').string(Array.isArray(field.get('vocab').value) ? 'Unigram' : 'BPE');
  if (type === 'BPE') return readBpe(field);
  if (type === 'Unigram') return readUnigram(field);
  throw field.get('type').unsupported(`the model ${type} is not supported, only BPE and Unigram are`);
}

function modelOf(
  model: ModelFile,
  names: readonly (string | undefined)[],
  byteLevel: boolean,
  file: string,
): TextModel {
  if (model.type === 'Unigram') return new UnigramModel(model, byteLevel, file);
  return byteLevel ? new ByteLevelModel(model, file) : new CharacterModel(model, names, file);
}

function namesById(root: Field, model: ModelFile): (string | undefined)[] {
  if (model.type === 'Unigram') return model.pieces.map(({ name }) => name);
  const names: (string | undefined)[] = [];
  for (const [name, id] of model.ids) {
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
