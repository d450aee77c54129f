import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { TokenizerError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { loadHuggingFace } from './huggingface/index.js';
import { loadSentencePiece } from './sentencepiece/index.js';
import { loadOpenCoderTokenizer } from './sentencepiece/open-coder.js';
import type { Tokenizer } from './tokenizer.js';
import { unreadable } from './unreadable.js';

export { encodeBytes } from './bytes.js';
export { type TokenSegment, tokenSegments } from './segments.js';
export type { AddedToken, Tokenizer } from './tokenizer.js';
export { type VocabularyStatistics, vocabularyStatistics } from './vocabulary-statistics.js';

const HUGGING_FACE = 'tokenizer.json';
const COMPRESSED = 'tokenizer.json.gz';
const SENTENCEPIECE = 'tokenizer.model';
const CONFIG = 'tokenizer_config.json';
const OPENCODER_CLASS = /"tokenizer_class"\s*:\s*"INFLMTokenizer/;

/**
 * Loads a tokenizer: a Hugging Face `tokenizer.json` (also compressed, `.json.gz`), a SentencePiece `.model`, or a folder that holds the one or the
 * other. In a folder whose `tokenizer_config.json` names OpenCoder's class, a pattern cuts the text before SentencePiece.
 *
 * @throws TokenizerError if there is none, if it is damaged, or has a part that is not supported, named with its field
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  if (!(await stat(path).catch(unreadable(path))).isDirectory()) {
    const bytes = await read(path);
    return beginsAsObject(bytes) ? loadHuggingFace(bytes, path) : loadSentencePiece(bytes, path);
  }
  for (const json of [HUGGING_FACE, COMPRESSED].map((name) => join(path, name))) {
    if (await isFile(json)) return loadHuggingFace(await read(json), json);
  }
  const [model, config] = [join(path, SENTENCEPIECE), join(path, CONFIG)];
  if (!(await isFile(model))) {
    throw new TokenizerError(`there is neither a ${HUGGING_FACE} nor a ${SENTENCEPIECE} in the folder`, {
      file: path,
      hint: 'Give the folder, or the file, of a tokenizer.',
    });
  }
  const isOpenCoder = (await isFile(config)) && OPENCODER_CLASS.test(Buffer.from(await read(config)).toString());
  return isOpenCoder ? loadOpenCoderTokenizer(path) : loadSentencePiece(await read(model), model);
}

/** JSON begins with a brace; no SentencePiece model does, as its first byte is the tag of a field. */
function beginsAsObject(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString());
}

/** The content of a file, decompressed where it is gzip. */
async function read(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch(unreadable(path));
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return promisify(gunzip)(bytes).catch((cause: unknown) => {
    throw new TokenizerError('the compressed tokenizer is damaged', {
      file: path,
      hint: 'Get the file again, or decompress it.',
      cause,
    });
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    return unreadable(path)(error);
  }
}
