import {
  type CodePointSet,
  charactersOf,
  complement,
  intersection,
  membership,
  setOf,
  union,
} from '../unicode/code-point-set.js';
import { category, onigurumaWord, script, whiteSpace } from '../unicode/properties.js';
import type { Anchor, Expression } from './syntax-tree.js';

/**
 * The regular expressions of Oniguruma (https://github.com/kkos/oniguruma, doc/RE), with which the Rust library cuts
 * text, as a tree. What is not known to mean the same in JavaScript is refused: back references, calls, absent groups,
 * `\X`, `\R`, `\K`, `\G`, and case-insensitive characters beyond ASCII.
 */

/** Says what is refused; the caller adds the pattern and where it stands. */
export class UnsupportedPattern extends Error {}

const ANCHORS: Readonly<Record<string, Anchor>> = {
  A: 'text start',
  z: 'text end',
  Z: 'last line end',
  b: 'word boundary',
  B: 'no word boundary',
};

const CONTROLS: Readonly<Record<string, number>> = { t: 9, v: 11, n: 10, r: 13, f: 12, a: 7, e: 27 };

const HEX_DIGITS = setOf([0x30, 0x3a], [0x41, 0x47], [0x61, 0x67]);

const CLASSES: Readonly<Record<string, () => CodePointSet>> = {
  s: whiteSpace,
  d: () => category('Nd')!,
  w: onigurumaWord,
  h: () => HEX_DIGITS,
};

/** Names that Oniguruma knows properties by, besides the abbreviations of categories. */
const PROPERTIES: Readonly<Record<string, () => CodePointSet>> = {
  letter: () => category('L')!,
  mark: () => category('M')!,
  number: () => category('N')!,
  punctuation: () => category('P')!,
  symbol: () => category('S')!,
  separator: () => category('Z')!,
  uppercaseletter: () => category('Lu')!,
  lowercaseletter: () => category('Ll')!,
  decimalnumber: () => category('Nd')!,
  space: whiteSpace,
  whitespace: whiteSpace,
  digit: () => category('Nd')!,
  word: onigurumaWord,
  any: () => setOf([0, 0x110000]),
};

/** Categories that hold both cases of their letters, or none. */
const CASELESS_CATEGORIES = /^(?:[LNPSZMC]|N[dlo]|P[cdseifo]|S[mcko]|Z[slp]|M[nce]|Lo|C[cfson])$/;

/** Two letters that Oniguruma, ignoring case, matches with one ligature or sharp s. */
const FOLDED_PAIRS = new Set(['ss', 'st', 'ff', 'fi', 'fl']);

const MAX_REPEAT = 100_000;

interface Options {
  ignoreCase: boolean;
  /** White space and comments in the pattern mean nothing. */
  extended: boolean;
  /** The dot matches line feeds too. */
  dotAll: boolean;
}

/** @throws UnsupportedPattern */
export function parsePattern(pattern: string): Expression {
  return new Parser(pattern).parse();
}

class Parser {
  private readonly characters: string[];
  private at = 0;

  constructor(pattern: string) {
    this.characters = Array.from(pattern);
  }

  parse(): Expression {
    const expression = this.alternatives({ ignoreCase: false, extended: false, dotAll: false });
    if (this.at < this.characters.length) throw new UnsupportedPattern('there is a ) without its (');
    return expression;
  }

  private alternatives(options: Options): Expression {
    const branches = [this.sequence(options)];
    while (this.take('|')) branches.push(this.sequence(options));
    return branches.length === 1 ? branches[0]! : { kind: 'alternatives', branches };
  }

  private sequence(options: Options): Expression {
    const parts: Expression[] = [];
    let previousLetter = '';
    for (;;) {
      const next = this.peek();
      if (next === undefined || next === '|' || next === ')') break;
      if (options.extended && this.skipBlank()) continue;
      if (this.takeAll('(?#')) {
        while (this.next('a comment has no end') !== ')');
        continue;
      }
      const changed = this.changedOptions(options);
      if (changed !== undefined) {
        // `(?i)` holds to the end of the group, alternatives included.
        parts.push(this.alternatives(changed));
        break;
      }
      const letter = options.ignoreCase ? next.toLowerCase() : '';
      const atom = this.atom(options);
      if (FOLDED_PAIRS.has(previousLetter + letter)) {
        throw new UnsupportedPattern(
          `${previousLetter + letter} without regard to case also matches a single character`,
        );
      }
      previousLetter = letter;
      parts.push(this.quantified(atom));
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  private skipBlank(): boolean {
    if (/\s/.test(this.peek()!)) {
      this.at++;
      return true;
    }
    if (!this.take('#')) return false;
    while (this.peek() !== undefined && this.peek() !== '\n') this.at++;
    return true;
  }

  /** The options after `(?imx-imx)`, if that stands here. */
  private changedOptions(options: Options): Options | undefined {
    const match = /^\(\?([imx]*)(?:-([imx]*))?\)/.exec(this.characters.slice(this.at, this.at + 12).join(''));
    if (match === null) return undefined;
    this.at += match[0].length;
    return withOptions(options, match[1]!, match[2] ?? '');
  }

  private atom(options: Options): Expression {
    const character = this.next('the pattern is empty');
    switch (character) {
      case '(':
        return this.group(options);
      case '[':
        return { kind: 'set', set: this.characterClass(options) };
      case '.':
        return { kind: 'set', set: options.dotAll ? setOf([0, 0x110000]) : complement(charactersOf('\n')) };
      case '^':
        return { kind: 'anchor', at: 'line start' };
      case '$':
        return { kind: 'anchor', at: 'line end' };
      case '\\': {
        const anchor = ANCHORS[this.peek() ?? ''];
        if (anchor === undefined) return { kind: 'set', set: this.escape(options) };
        this.at++;
        return { kind: 'anchor', at: anchor };
      }
      case '*':
      case '+':
      case '?':
        throw new UnsupportedPattern(`${character} has nothing to repeat`);
      default:
        return { kind: 'set', set: literal(character, options) };
    }
  }

  private group(options: Options): Expression {
    const closed = (body: Expression): Expression => {
      if (!this.take(')')) throw new UnsupportedPattern('a ( has no )');
      return body;
    };
    if (!this.take('?')) return closed(this.alternatives(options));
    if (this.take(':')) return closed(this.alternatives(options));
    if (this.take('>')) return { kind: 'atomic', body: closed(this.alternatives(options)) };
    for (const [opening, behind, negative] of [
      ['=', false, false],
      ['!', false, true],
      ['<=', true, false],
      ['<!', true, true],
    ] as const) {
      if (this.takeAll(opening)) return { kind: 'look', behind, negative, body: closed(this.alternatives(options)) };
    }
    const match = /^([imx]*)(?:-([imx]*))?:/.exec(this.characters.slice(this.at, this.at + 12).join(''));
    if (match === null) throw new UnsupportedPattern(`the group (?${this.peek() ?? ''} is not supported`);
    this.at += match[0].length;
    return closed(this.alternatives(withOptions(options, match[1]!, match[2] ?? '')));
  }

  private quantified(atom: Expression): Expression {
    let body = atom;
    for (;;) {
      const bounds = this.bounds();
      if (bounds === undefined) return body;
      const [minimum, maximum, isInterval] = bounds;
      if (isInterval) {
        // Oniguruma reads `{n,m}+` as a repetition of the repetition, and `{n}?` as "n or none".
        if (this.peek() === '?' && minimum === maximum) throw new UnsupportedPattern('{n}? is not supported');
        body = { kind: 'repeat', body, minimum, maximum, mode: this.take('?') ? 'lazy' : 'greedy' };
      } else {
        const mode = this.take('?') ? 'lazy' : this.take('+') ? 'possessive' : 'greedy';
        body = { kind: 'repeat', body, minimum, maximum, mode };
      }
    }
  }

  private bounds(): [minimum: number, maximum: number, isInterval: boolean] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY, false];
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY, false];
    if (this.take('?')) return [0, 1, false];
    const match = /^\{(\d*)(,?)(\d*)\}/.exec(this.characters.slice(this.at, this.at + 20).join(''));
    if (match === null || (match[1] === '' && match[3] === '')) return undefined;
    this.at += match[0].length;
    const minimum = Number(match[1]);
    const maximum = match[2] === '' ? minimum : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (minimum > maximum) throw new UnsupportedPattern(`the repetition ${match[0]} is not supported`);
    if (minimum > MAX_REPEAT) throw new UnsupportedPattern(`the repetition ${match[0]} is too long`);
    return [minimum, maximum, true];
  }

  /** After `[`: the class up to its `]`. */
  private characterClass(options: Options): CodePointSet {
    const negative = this.take('^');
    let result: CodePointSet | undefined;
    let members: CodePointSet[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.takeAll('&&')) {
        result = result === undefined ? union(...members) : intersection(result, union(...members));
        members = [];
        continue;
      }
      const character = this.next('a [ has no ]');
      if (character === ']' && !isFirst) break;
      if (character === '[') {
        if (this.peek() === ':') throw new UnsupportedPattern('POSIX classes such as [:alpha:] are not supported');
        members.push(this.characterClass(options));
        continue;
      }
      const begin = character === '\\' ? this.escape({ ...options, ignoreCase: false }) : charactersOf(character);
      const isOne = begin.length === 1 && begin[0]![1] === begin[0]![0] + 1;
      const isRange = isOne && this.peek() === '-' && this.peek(1) !== ']' && this.peek(1) !== undefined;
      if (!isRange) {
        members.push(options.ignoreCase && isOne ? caseless(begin, options) : begin);
        continue;
      }
      this.at++;
      const last = this.next('a range has no end');
      const end = last === '\\' ? this.escape({ ...options, ignoreCase: false }) : charactersOf(last);
      if (last === '[' || end.length !== 1 || end[0]![1] !== end[0]![0] + 1 || end[0]![0] < begin[0]![0]) {
        throw new UnsupportedPattern('a range of characters does not end in a later character');
      }
      members.push(caseless(setOf([begin[0]![0], end[0]![1]]), options));
    }
    const all = union(...members);
    const set = result === undefined ? all : intersection(result, all);
    return negative ? complement(set) : set;
  }

  /** After `\`: the characters that the escape stands for. */
  private escape(options: Options): CodePointSet {
    const character = this.next('the pattern ends in \\');
    const lower = character.toLowerCase();
    const named = CLASSES[lower];
    if (named !== undefined) return character === lower ? named() : complement(named());
    if (lower === 'p') return this.property(character === 'P', options);
    if (character === 'x' && this.peek() === '{') {
      const digits = this.until('}').slice(1);
      return literal(codePoint(digits), options);
    }
    if (character === 'x') return literal(codePoint(this.some(2)), options);
    if (character === 'u') return literal(codePoint(this.some(4)), options);
    const control = CONTROLS[character];
    if (control !== undefined) return setOf([control, control + 1]);
    if (/[\p{L}\p{N}]/u.test(character)) throw new UnsupportedPattern(`\\${character} is not supported`);
    return literal(character, options);
  }

  private property(negated: boolean, options: Options): CodePointSet {
    if (this.peek() !== '{') throw new UnsupportedPattern('\\p without braces is not supported');
    const text = this.until('}').slice(1);
    const inverted = text.startsWith('^');
    const name = inverted ? text.slice(1) : text;
    const set = category(name) ?? script(name) ?? PROPERTIES[name.toLowerCase().replace(/[\s_-]/g, '')]?.();
    if (set === undefined) throw new UnsupportedPattern(`the property \\p{${name}} is not supported`);
    if (options.ignoreCase && category(name) !== undefined && !CASELESS_CATEGORIES.test(name)) {
      throw new UnsupportedPattern(`\\p{${name}} without regard to case is not supported`);
    }
    return negated !== inverted ? complement(set) : set;
  }

  private peek(ahead = 0): string | undefined {
    return this.characters[this.at + ahead];
  }

  private next(otherwise: string): string {
    const character = this.characters[this.at++];
    if (character === undefined) throw new UnsupportedPattern(otherwise);
    return character;
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private takeAll(text: string): boolean {
    if (this.characters.slice(this.at, this.at + text.length).join('') !== text) return false;
    this.at += text.length;
    return true;
  }

  private some(count: number): string {
    return Array.from({ length: count }, () => this.next('an escape is incomplete')).join('');
  }

  private until(end: string): string {
    let text = '';
    for (let next = this.next('an escape has no end'); next !== end; next = this.next('an escape has no end'))
      text += next;
    return text;
  }
}

function withOptions(options: Options, on: string, off: string): Options {
  const value = (letter: string, before: boolean) => (on.includes(letter) || before) && !off.includes(letter);
  return {
    ignoreCase: value('i', options.ignoreCase),
    dotAll: value('m', options.dotAll),
    extended: value('x', options.extended),
  };
}

function codePoint(digits: string): string {
  const value = /^[0-9A-Fa-f]{1,6}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
  if (!(value < 0x110000)) throw new UnsupportedPattern(`${digits} is not the number of a character`);
  return String.fromCodePoint(value);
}

function literal(character: string, options: Options): CodePointSet {
  return caseless(charactersOf(character), options);
}

/** With the other case of its letters: for ASCII that is the other letter, the long s, and the sign for kelvin. */
function caseless(set: CodePointSet, { ignoreCase }: Options): CodePointSet {
  if (!ignoreCase) return set;
  if (set.at(-1)![1] > 0x80)
    throw new UnsupportedPattern('characters beyond ASCII without regard to case are not supported');
  const members = membership(set);
  const others = Array.from({ length: 26 }, (_, i) => [0x41 + i, 0x61 + i]).flatMap(([upper, lower]) => {
    if (members[upper!] === 0 && members[lower!] === 0) return [];
    const letter = String.fromCharCode(lower!);
    return [letter, letter.toUpperCase(), ...(letter === 's' ? ['ſ'] : letter === 'k' ? ['\u212a'] : [])];
  });
  return union(set, charactersOf(others.join('')));
}
