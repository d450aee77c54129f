import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatenateIds } from '../id-buffer.js';
import { compilePattern } from '../patterns/compile.js';
import type { AddedToken, AddedTokenMatching, EncodeOptions, Tokenizer } from '../tokenizer.js';
import { unreadable } from '../unreadable.js';
import { readAddedTokens } from './added-token-files.js';
import { AddedTokenSplitter } from './added-token-splitter.js';
import { loadSentencePiece } from './index.js';

const ALGORITHM = 'opencoder-1';

/**
 * How text is cut before SentencePiece sees it, as `tokenization_inflm.py` of infly/OpenCoder has it: contractions, words
 * with one character before them, up to three digits, punctuation with the line ends after it, line ends, and spaces.
 */
const PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\\s+(\\S)+";

const MODEL_FILE = 'tokenizer.model';
const MISPLACED = `Put ${MODEL_FILE}, tokenizer_config.json and added_tokens.json of the model into one folder.`;

/** Parts of text whose ids are remembered, and the longest of them in UTF-16 units: most text is a few words. */
const REMEMBERED = 1 << 16;
const REMEMBERED_LENGTH = 32;

/**
 * Loads a tokenizer laid out as OpenCoder's: a SentencePiece `tokenizer.model` behind a pattern that cuts the text, and
 * added tokens in `tokenizer_config.json`, `added_tokens.json` and `special_tokens_map.json`. Ids are those of its
 * class `INFLMTokenizer`, without bos or eos.
 *
 * The class takes bos and eos from the model (`tokenId('<s>')`, `tokenId('</s>')`), while the configuration of
 * OpenCoder's chat models says that `<|im_end|>` ends a text: name the one that is meant.
 *
 * @throws TokenizerError if a file is missing, damaged, or a Git LFS pointer
 */
export async function loadOpenCoderTokenizer(directory: string): Promise<Tokenizer> {
  const modelFile = join(directory, MODEL_FILE);
  const model = loadSentencePiece(await readFile(modelFile).catch(unreadable(modelFile, MISPLACED)), modelFile);
  const addedTokens = await readAddedTokens(directory, model);
  return new OpenCoderTokenizer(model, addedTokens, modelFile);
}

class OpenCoderTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly fingerprint: string;
  readonly lossless = false;
  readonly byteIds: Tokenizer['byteIds'];
  private readonly pattern: RegExp;
  private readonly splitters: Readonly<Record<AddedTokenMatching, AddedTokenSplitter>>;
  private readonly contentOf: ReadonlyMap<number, string>;
  private readonly idOf: ReadonlyMap<string, number>;
  private readonly remembered = new Map<string, Uint32Array>();

  constructor(
    private readonly model: Tokenizer,
    readonly addedTokens: readonly AddedToken[],
    file: string,
  ) {
    this.byteIds = model.byteIds;
    this.pattern = compilePattern(PATTERN, file, 'the pattern of OpenCoder');
    this.splitters = {
      all: new AddedTokenSplitter(addedTokens),
      ordinary: new AddedTokenSplitter(addedTokens.filter(({ special }) => !special)),
      none: new AddedTokenSplitter([]),
    };
    this.contentOf = new Map(addedTokens.map(({ id, content }) => [id, content]));
    this.idOf = new Map(addedTokens.map(({ id, content }) => [content, id]));
    this.vocabularySize = addedTokens.reduce((size, { id }) => Math.max(size, id + 1), model.vocabularySize);
    const determining = JSON.stringify([model.fingerprint, addedTokens, PATTERN]);
    this.fingerprint = `${ALGORITHM}:${createHash('sha256').update(determining).digest('hex')}`;
  }

  encode(text: string, { matchAddedTokens = 'all' }: EncodeOptions = {}): Uint32Array {
    const parts: Uint32Array[] = [];
    for (const part of this.splitters[matchAddedTokens].split(text)) {
      if (typeof part === 'string') this.encodePlain(part, parts);
      else parts.push(Uint32Array.of(part.id));
    }
    return concatenateIds(parts);
  }

  decode(ids: ArrayLike<number>): Uint8Array {
    const parts: Uint8Array[] = [];
    let plain: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const content = this.contentOf.get(ids[i]!);
      if (content === undefined) plain.push(ids[i]!);
      else {
        parts.push(this.model.decode(plain), Buffer.from(content));
        plain = [];
      }
    }
    parts.push(this.model.decode(plain));
    return Buffer.concat(parts);
  }

  tokenBytes(id: number): Uint8Array | undefined {
    const content = this.contentOf.get(id);
    return content === undefined ? this.model.tokenBytes(id) : new TextEncoder().encode(content);
  }

  tokenName(id: number): string | undefined {
    return this.contentOf.get(id) ?? this.model.tokenName(id);
  }

  tokenId(name: string): number | undefined {
    return this.idOf.get(name) ?? this.model.tokenId(name);
  }

  /** Cuts by the pattern; what lies between two matches is a part too. */
  private encodePlain(text: string, parts: Uint32Array[]): void {
    let at = 0;
    for (const match of text.matchAll(this.pattern)) {
      if (match.index > at) parts.push(this.encodePart(text.slice(at, match.index)));
      parts.push(this.encodePart(match[0]));
      at = match.index + match[0].length;
    }
    if (at < text.length) parts.push(this.encodePart(text.slice(at)));
  }

  private encodePart(part: string): Uint32Array {
    const { remembered } = this;
    const known = remembered.get(part);
    if (known !== undefined) return known;
    const ids = this.model.encode(part);
    if (part.length > REMEMBERED_LENGTH) return ids;
    if (remembered.size === REMEMBERED) remembered.clear();
    remembered.set(part, ids);
    return ids;
  }
}
