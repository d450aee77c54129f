import { compilePattern } from '../patterns/compile.js';
import { parsePattern } from '../patterns/parse.js';
import type { Expression } from '../patterns/syntax-tree.js';
import { PrefixingSplitter } from '../splitting/prefixing-splitter.js';
import { type MatchBehaviour, RegexSplitter } from '../splitting/regex-splitter.js';
import { gpt2Scan } from '../splitting/scanners/gpt2.js';
import { SCANNERS } from '../splitting/scanners/index.js';
import { runScan } from '../splitting/scanners/runs.js';
import { ScanningSplitter, type Splitter, SplitterSequence, WholeText } from '../splitting/splitter.js';
import { type CodePointSet, charactersOf, classOf, complement, union } from '../unicode/code-point-set.js';
import { punctuation, rustNumbers, rustWord, whiteSpace } from '../unicode/properties.js';
import type { Field } from './field.js';

const BEHAVIOURS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;

/** How a text is cut into words, and in which form the words come to the model. */
export interface PreTokenizer {
  splitter: Splitter;
  /** Whether the model's characters stand for bytes. */
  byteLevel: boolean;
  /** Whether all of the text, and nothing else, is in the words. */
  lossless: boolean;
}

/** What one of a sequence does; null for one that does nothing. */
type Step = { splitter: Splitter; lossless: boolean } | null;

const STEPS: Readonly<Record<string, (field: Field) => Step>> = {
  Split: split,
  Digits: (field) =>
    field.get('individual_digits').boolean(false)
      ? exact(new ScanningSplitter(runScan(rustNumbers(), 1)))
      : matching(rustNumbers(), 'Contiguous'),
  Punctuation: (field) => matching(punctuation(), field.get('behavior').oneOf(BEHAVIOURS, 'Isolated')),
  Whitespace: () => {
    const others = complement(union(rustWord(), whiteSpace()));
    return lossy(new RegexSplitter(new RegExp(`${classOf(rustWord())}+|${classOf(others)}+`, 'gu'), 'Removed', true));
  },
  WhitespaceSplit: () => matching(whiteSpace(), 'Removed'),
  CharDelimiterSplit: (field) => matching(charactersOf(field.get('delimiter').string()), 'Removed'),
  Metaspace: metaspace,
};

/** @throws TokenizerError if a pre-tokenizer is damaged or not supported */
export function readPreTokenizer(field: Field): PreTokenizer {
  if (field.isAbsent) return { splitter: new WholeText(), byteLevel: false, lossless: true };
  const fields = flattened(field);
  const byteLevel = fields.at(-1)?.type() === 'ByteLevel';
  const steps = fields.map((step, i) => {
    const type = step.type();
    if (type === 'ByteLevel') {
      if (i + 1 === fields.length) return byteLevelStep(step);
      throw step.unsupported('the pre-tokenizer ByteLevel is only supported as the last of a sequence');
    }
    const make = Object.hasOwn(STEPS, type) ? STEPS[type] : undefined;
    if (make === undefined) throw step.unsupported(`the pre-tokenizer ${type} is not supported`);
    return make(step);
  });
  const effective = steps.filter((step) => step !== null);
  const splitters = effective.map(({ splitter }) => splitter);
  return {
    splitter:
      splitters.length === 0 ? new WholeText() : splitters.reduce((outer, inner) => new SplitterSequence(outer, inner)),
    byteLevel,
    lossless: effective.every(({ lossless }) => lossless),
  };
}

function flattened(field: Field): Field[] {
  return field.type() === 'Sequence' ? field.get('pretokenizers').items().flatMap(flattened) : [field];
}

function exact(splitter: Splitter): Step {
  return { splitter, lossless: true };
}

function lossy(splitter: Splitter): Step {
  return { splitter, lossless: false };
}

/** Cuts at the characters of a set, each a match of its own. */
function matching(characters: CodePointSet, behaviour: MatchBehaviour): Step {
  const splitter = new RegexSplitter(new RegExp(classOf(characters), 'gu'), behaviour, false);
  return behaviour === 'Removed' ? lossy(splitter) : exact(splitter);
}

function split(field: Field): Step {
  const behaviour = field.get('behavior').oneOf(BEHAVIOURS);
  const inverted = field.get('invert').boolean(false);
  const text = field.get('pattern').get('String');
  if (!text.isAbsent) {
    if (text.string() === '') return null;
    const literal = new RegExp(classOfEach(text.string()), 'gu');
    const splitter = new RegexSplitter(literal, behaviour, inverted);
    return behaviour === 'Removed' ? lossy(splitter) : exact(splitter);
  }
  const regex = field.get('pattern').get('Regex');
  const pattern = regex.string();
  const scan = SCANNERS.get(pattern);
  // All of a text matches these patterns, so that only what matches remains or everything stands alone.
  if (scan !== undefined && ((behaviour === 'Isolated' && !inverted) || (behaviour === 'Removed' && inverted))) {
    return exact(new ScanningSplitter(scan()));
  }
  const compiled = compilePattern(pattern, field.file, regex.path);
  const run = runOf(parsePattern(pattern));
  if (run !== undefined && behaviour === 'Isolated') return exact(new ScanningSplitter(runScan(run.set, run.maximum)));
  const splitter = new RegexSplitter(compiled, behaviour, inverted);
  return behaviour === 'Removed' ? lossy(splitter) : exact(splitter);
}

/** For a pattern that is a class, repeated or not: its characters and how many of them match together. */
function runOf(expression: Expression): { set: CodePointSet; maximum: number } | undefined {
  if (expression.kind === 'set') return { set: expression.set, maximum: 1 };
  if (expression.kind !== 'repeat' || expression.body.kind !== 'set') return undefined;
  const { body, minimum, maximum, mode } = expression;
  return minimum === 1 && mode !== 'lazy' ? { set: body.set, maximum } : undefined;
}

/** A regular expression for these characters in this order. */
function classOfEach(text: string): string {
  return Array.from(text, (character) => classOf(charactersOf(character))).join('');
}

function byteLevelStep(field: Field): Step {
  const words = field.get('use_regex').boolean(true) ? new ScanningSplitter(gpt2Scan()) : null;
  if (!field.get('add_prefix_space').boolean(true)) return words === null ? null : exact(words);
  const prefixed = new PrefixingSplitter({ prefix: ' ', where: 'always', replaceBlanks: false });
  return lossy(words === null ? prefixed : new SplitterSequence(prefixed, words));
}

function metaspace(field: Field): Step {
  const replacement = field.get('replacement').string('▁');
  const scheme = field.get('prepend_scheme');
  let where = scheme.oneOf(['always', 'first', 'never'], 'always');
  if (!field.get('add_prefix_space').boolean(true)) {
    // The older way to say the same.
    if (!scheme.isAbsent && where !== 'never') {
      throw scheme.damaged('add_prefix_space is off, and prepend_scheme says otherwise');
    }
    where = 'never';
  }
  const prefixed = new PrefixingSplitter({ prefix: replacement, where, replaceBlanks: true });
  if (!field.get('split').boolean(true)) return lossy(prefixed);
  const words = new RegexSplitter(new RegExp(classOfEach(replacement), 'gu'), 'MergedWithNext', false);
  return lossy(new SplitterSequence(prefixed, words));
}
