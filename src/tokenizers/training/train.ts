import { TokenizerError } from '../../support/errors.js';
import { BYTE_CHARACTERS } from '../huggingface/byte-alphabet.js';
import { SymbolMerger } from '../merging/merge-symbols.js';
import { MAX_MERGES, MergeTable } from '../merging/merge-table.js';
import type { CountedPretokens, PretokenSource } from './corpus.js';
import { MergeLearner } from './merge-learner.js';
import { SUPERWORD_PATTERN, specialTokensFault, type TokenizerTrainingOptions } from './options.js';
import { TokenTable } from './token-table.js';
import { tokenizerFile } from './tokenizer-file.js';
import { Words } from './words.js';

export interface TrainingCallbacks {
  /** Aborting ends training with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** A new vocabulary size, some times a second. */
  progress?(tokens: number): void;
}

export interface TrainedTokenizer {
  /** `tokenizer.json`. */
  file: string;
  tokens: number;
  merges: number;
  /** Of the first stage; those of the second are tokens that may span several words. */
  mergesWithinPretokens: number;
  /** Distinct pre-tokens of the first stage, and distinct superword units of the second. */
  pretokens: number;
  superwordUnits: number;
}

/** Milliseconds of merging between two looks at signals and timers. */
const SLICE = 50;

/**
 * Trains a byte-level BPE tokenizer: the merges are those of Hugging Face's Rust trainer with the complete byte alphabet.
 * `superbpe` learns in two stages (Liu et al., arXiv 2503.13423): a share of the vocabulary within pre-tokens as usual, the
 * rest with pre-tokens joined to superword units, encoded by the merges of the first stage.
 *
 * The result depends on the counts alone, not on the order in which pre-tokens come.
 *
 * @throws TokenizerError for options that cannot be met
 */
export async function trainTokenizer(
  source: PretokenSource,
  options: TokenizerTrainingOptions,
  callbacks: TrainingCallbacks = {},
): Promise<TrainedTokenizer> {
  requirePossible(options);
  const tokens = new TokenTable(options.specialTokens, BYTE_CHARACTERS);
  const isSuper = options.kind === 'superbpe';
  const transition = isSuper ? Math.round(options.vocabularySize * options.transition) : options.vocabularySize;
  const byteIds = Int32Array.from(BYTE_CHARACTERS, (character) => tokens.id(character)!);

  const limits = {
    minFrequency: options.minFrequency,
    maxTokenLength: options.maxTokenLength ?? Number.POSITIVE_INFINITY,
  };

  const pretokens = await wordsOf(await source.count(options.pattern), byteIds, null);
  await learn(new MergeLearner(pretokens.words, tokens, { ...limits, vocabularySize: transition }), tokens, callbacks);
  const mergesWithinPretokens = tokens.merges.length;

  let units = 0;
  if (isSuper) {
    const merges = tokens.merges.map(({ first, second, result }, rank) => ({
      left: first,
      right: second,
      rank,
      result,
    }));
    const merger = new SymbolMerger(new MergeTable(merges));
    const superwords = await wordsOf(await source.count(SUPERWORD_PATTERN), byteIds, merger);
    units = superwords.distinct;
    const { vocabularySize } = options;
    await learn(new MergeLearner(superwords.words, tokens, { ...limits, vocabularySize }), tokens, callbacks);
  }
  return {
    file: tokenizerFile(tokens, options.specialTokens, isSuper ? SUPERWORD_PATTERN : options.pattern),
    tokens: tokens.size,
    merges: tokens.merges.length,
    mergesWithinPretokens,
    pretokens: pretokens.distinct,
    superwordUnits: units,
  };
}

function requirePossible({ vocabularySize, specialTokens, transition, kind }: TokenizerTrainingOptions): void {
  const fail = (what: string, field: string, hint: string): never => {
    throw new TokenizerError(what, { field, hint });
  };
  const fault = specialTokensFault(specialTokens);
  if (fault !== null) fail(fault.what, 'specialTokens', fault.hint);
  const least = new TokenTable(specialTokens, BYTE_CHARACTERS).size;
  if (vocabularySize < least) {
    const hint = `Give at least ${least}.`;
    fail(`${vocabularySize} tokens are fewer than the 256 bytes and the special tokens`, 'vocabularySize', hint);
  }
  if (vocabularySize - least >= MAX_MERGES) {
    fail(`${vocabularySize} tokens need more merges than a tokenizer can have`, 'vocabularySize', 'Give fewer.');
  }
  if (kind === 'superbpe' && !(transition > 0 && transition < 1)) {
    fail(`the transition ${transition} is no share of the vocabulary`, 'transition', 'Give one between 0 and 1.');
  }
}

/** @param merger encodes pre-tokens before they become words */
async function wordsOf(
  pretokens: CountedPretokens,
  byteIds: Int32Array,
  merger: SymbolMerger | null,
): Promise<{ words: Words; distinct: number }> {
  const words = new Words();
  let distinct = 0;
  let symbols = new Int32Array(1 << 10);
  await pretokens.forEach((bytes, from, to, count) => {
    distinct++;
    if (to - from > symbols.length) symbols = new Int32Array((to - from) * 2);
    for (let i = from; i < to; i++) symbols[i - from] = byteIds[bytes[i]!]!;
    words.append(symbols, 0, merger === null ? to - from : merger.merge(symbols, to - from), count);
  });
  return { words, distinct };
}

async function learn(learner: MergeLearner, tokens: TokenTable, callbacks: TrainingCallbacks): Promise<void> {
  for (let goesOn = true; goesOn; ) {
    callbacks.signal?.throwIfAborted();
    for (const begun = performance.now(); goesOn && performance.now() - begun < SLICE; ) goesOn = learner.step();
    callbacks.progress?.(tokens.size);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
