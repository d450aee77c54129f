import { TokenizerError } from '../../support/errors.js';
import { classOf } from '../unicode/code-point-set.js';
import { onigurumaWord } from '../unicode/properties.js';
import { parsePattern, UnsupportedPattern } from './parse.js';
import type { Anchor, Expression } from './syntax-tree.js';

/**
 * A pattern of Oniguruma as a JavaScript regular expression with the flags `gu`. Classes are written out, so that what
 * is matched does not depend on the version of Unicode that Node has.
 *
 * @throws TokenizerError naming the pattern and what in it is not supported
 */
export function compilePattern(pattern: string, file: string, field: string): RegExp {
  try {
    return new RegExp(new Emitter().emit(parsePattern(pattern)), 'gu');
  } catch (cause) {
    if (!(cause instanceof UnsupportedPattern) && !(cause instanceof SyntaxError)) throw cause;
    throw new TokenizerError(`the pattern ${JSON.stringify(pattern)} cannot be carried out exactly: ${cause.message}`, {
      file,
      field,
      hint: 'Use a tokenizer whose pattern uses classes, groups, lookaround and repetitions only.',
      cause,
    });
  }
}

class Emitter {
  /** Capturing groups so far. Only atomic groups make some. */
  private groups = 0;

  emit(expression: Expression): string {
    switch (expression.kind) {
      case 'set':
        return classOf(expression.set);
      case 'sequence':
        return expression.parts.map((part) => this.emitPart(part)).join('');
      case 'alternatives':
        return expression.branches.map((branch) => this.emit(branch)).join('|');
      case 'repeat': {
        const { body, minimum, maximum, mode } = expression;
        if (mode === 'possessive') return this.emit({ kind: 'atomic', body: { ...expression, mode: 'greedy' } });
        const bounds = `{${minimum},${maximum === Number.POSITIVE_INFINITY ? '' : maximum}}`;
        const repeated = body.kind === 'set' ? this.emit(body) : `(?:${this.emit(body)})`;
        return repeated + bounds + (mode === 'lazy' ? '?' : '');
      }
      case 'atomic': {
        // A lookahead is never entered again, and what it captured is then matched as it is.
        const group = ++this.groups;
        return `(?=(${this.emit(expression.body)}))\\${group}`;
      }
      case 'look':
        return `(?${expression.behind ? '<' : ''}${expression.negative ? '!' : '='}${this.emit(expression.body)})`;
      case 'anchor':
        return anchor(expression.at);
    }
  }

  private emitPart(part: Expression): string {
    return part.kind === 'alternatives' ? `(?:${this.emit(part)})` : this.emit(part);
  }
}

function anchor(at: Anchor): string {
  const word = () => classOf(onigurumaWord());
  switch (at) {
    case 'text start':
      return '^';
    case 'text end':
      return '$';
    case 'last line end':
      return '(?=\\n?$)';
    case 'line start':
      return '(?:^|(?<=\\n)(?!$))';
    case 'line end':
      return '(?=\\n|$)';
    case 'word boundary':
      return `(?:(?<=${word()})(?!${word()})|(?<!${word()})(?=${word()}))`;
    case 'no word boundary':
      return `(?:(?<=${word()})(?=${word()})|(?<!${word()})(?!${word()}))`;
  }
}
