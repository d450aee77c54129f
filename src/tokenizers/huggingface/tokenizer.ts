import { TokenizerError } from '../../support/errors.js';
import { IdBuffer } from '../id-buffer.js';
import { type Source, SourceBuffer } from '../splitting/source.js';
import type { Splitter } from '../splitting/splitter.js';
import type { AddedToken, AddedTokenMatching, EncodeOptions, Tokenizer } from '../tokenizer.js';
import type { WordModel } from '../word-model.js';
import { AddedTokenMatcher } from './added-tokens.js';
import { type Decoder, trimmed } from './decoders.js';
import type { Normalizer } from './normalizers.js';

/** What a `tokenizer.json` consists of. */
export interface Pipeline {
  file: string;
  fingerprint: string;
  lossless: boolean;
  byteIds: ArrayLike<number> | null;
  addedTokens: readonly AddedToken[];
  normalizer: Normalizer | null;
  splitter: Splitter;
  model: WordModel;
  decoder: Decoder;
  /** By id, the names of the vocabulary's tokens, without the added ones. */
  names: readonly (string | undefined)[];
  ids: ReadonlyMap<string, number>;
}

/**
 * Text goes through four stages: added tokens are cut out, what is between them is normalised (and those added tokens
 * are cut out that are matched in normalised text), cut into words, and the words are turned into ids.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly fingerprint: string;
  readonly lossless: boolean;
  readonly byteIds: ArrayLike<number> | null;
  readonly addedTokens: readonly AddedToken[];

  private readonly names: (string | undefined)[];
  private readonly bytes: (Uint8Array | undefined)[];
  private readonly addedIds: ReadonlyMap<string, number>;
  /** Found in the text as it is, and in the normalised text; null where there are none. */
  private readonly plainTokens: AddedTokenMatcher | null;
  private readonly normalizedTokens: AddedTokenMatcher | null;

  private readonly original = new SourceBuffer();
  private readonly normalized = new SourceBuffer();
  private readonly out = new IdBuffer();

  constructor(private readonly pipeline: Pipeline) {
    const { addedTokens, normalizer, names, decoder } = pipeline;
    this.fingerprint = pipeline.fingerprint;
    this.lossless = pipeline.lossless;
    this.byteIds = pipeline.byteIds;
    this.addedTokens = addedTokens;
    this.addedIds = new Map(addedTokens.map(({ content, id }) => [content, id]));
    this.names = [...names];
    this.bytes = new Array(names.length);
    for (const { id, content } of addedTokens) {
      this.names[id] = content;
      this.bytes[id] = Buffer.from(content);
    }
    for (const [id, name] of this.names.entries()) if (name !== undefined) this.bytes[id] ??= decoder.bytesOf(name);
    this.vocabularySize = this.names.length;
    const matcher = (tokens: AddedToken[], contentOf: (token: AddedToken) => string) =>
      tokens.length === 0 ? null : new AddedTokenMatcher(tokens, contentOf);
    this.plainTokens = matcher(
      addedTokens.filter(({ normalized }) => !normalized),
      ({ content }) => content,
    );
    this.normalizedTokens = matcher(
      addedTokens.filter(({ normalized }) => normalized),
      ({ content }) => normalizer?.(content) ?? content,
    );
  }

  encode(text: string, { matchAddedTokens = 'all' }: EncodeOptions = {}): Uint32Array {
    const source = this.original.read(text);
    try {
      if (wanted(this.plainTokens, matchAddedTokens)) {
        for (const { start, end, id } of this.plainTokens.parts(text, source.units, matchAddedTokens === 'all')) {
          if (id !== undefined) this.out.push(id);
          else this.encodeOriginal(source, start, end, matchAddedTokens);
        }
      } else if (text.length > 0) {
        this.encodeOriginal(source, 0, text.length, matchAddedTokens);
      }
    } catch (error) {
      this.out.take();
      throw error;
    }
    return this.out.take();
  }

  decode(ids: ArrayLike<number>): Uint8Array {
    const parts: Uint8Array[] = new Array(ids.length);
    for (let i = 0; i < ids.length; i++) parts[i] = this.bytes[ids[i]!] ?? this.refuse(ids[i]!);
    const { trims } = this.pipeline.decoder;
    return trims.reduce<Uint8Array>(trimmed, Buffer.concat(parts));
  }

  tokenBytes(id: number): Uint8Array | undefined {
    return this.bytes[id]?.slice();
  }

  tokenName(id: number): string | undefined {
    return this.names[id];
  }

  tokenId(name: string): number | undefined {
    return this.addedIds.get(name) ?? this.pipeline.ids.get(name);
  }

  private encodeOriginal(source: Source, start: number, end: number, matching: AddedTokenMatching): void {
    const { normalizer } = this.pipeline;
    const tokens = this.normalizedTokens;
    const matches = wanted(tokens, matching);
    if (normalizer === null && !matches) {
      this.encodeWords(source, start, end, start === 0);
      return;
    }
    const whole = end - start === source.text.length;
    const text = whole ? source.text : source.text.slice(start, end);
    const normal = normalizer === null ? text : normalizer(text);
    const part = whole && normal === text ? source : this.normalized.read(normal);
    if (!matches) this.encodeWords(part, 0, normal.length, start === 0);
    else {
      for (const { start: from, end: to, id } of tokens.parts(normal, part.units, matching === 'all')) {
        if (id !== undefined) this.out.push(id);
        else this.encodeWords(part, from, to, start === 0 && from === 0);
      }
    }
  }

  private encodeWords(source: Source, start: number, end: number, atBeginning: boolean): void {
    const { splitter, model } = this.pipeline;
    splitter.open(source, start, end, atBeginning);
    while (splitter.next()) model.append(splitter.source, splitter.start, splitter.end, this.out);
  }

  private refuse(id: number): never {
    throw new TokenizerError(`${id} is not an id of this tokenizer, which has 0 to ${this.names.length - 1}`, {
      file: this.pipeline.file,
      hint: 'Decode with the tokenizer that wrote the ids.',
    });
  }
}

/** Whether some of these tokens are to be found. */
function wanted(tokens: AddedTokenMatcher | null, matching: AddedTokenMatching): tokens is AddedTokenMatcher {
  if (tokens === null || matching === 'none') return false;
  return matching === 'all' || tokens.hasOrdinary;
}
