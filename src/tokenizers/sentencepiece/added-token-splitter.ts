import type { AddedToken } from '../tokenizer.js';

/** White space as Python's `str.strip` understands it. */
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const LEADING_SPACE = new RegExp(`^${SPACE}+`);
const TRAILING_SPACE = new RegExp(`${SPACE}+$`);

/**
 * Finds added tokens in a text as the tokenizers of the transformers library that are written in Python do: the leftmost,
 * and of several there the longest; then white space beside them goes, and whole-word tokens beside anything else than a
 * space become part of it.
 */
export class AddedTokenSplitter {
  private readonly pattern: RegExp | null;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    this.tokens = new Map(tokens.map((token) => [token.content, token]));
    const longestFirst = [...this.tokens.keys()].sort((a, b) => b.length - a.length);
    this.pattern = longestFirst.length === 0 ? null : new RegExp(`(${longestFirst.map(escaped).join('|')})`, 'u');
  }

  /** The parts of a text in order: added tokens, and what lies between them, never empty. */
  split(text: string): (string | AddedToken)[] {
    if (this.pattern === null) return text === '' ? [] : [text];
    const parts: (string | AddedToken)[] = text.split(this.pattern).map((part, i) => {
      return i % 2 === 1 ? this.tokens.get(part)! : part;
    });
    for (let i = 1; i < parts.length; i += 2) this.applyFlags(parts, i);
    return parts.filter((part) => part !== '');
  }

  /** Carries out the flags of the token at `i`; its neighbours are text, or a token that became text. */
  private applyFlags(parts: (string | AddedToken)[], i: number): void {
    const token = parts[i] as AddedToken;
    if (token.rstrip) parts[i + 1] = (parts[i + 1] as string).replace(LEADING_SPACE, '');
    if (token.lstrip) parts[i - 1] = (parts[i - 1] as string).replace(TRAILING_SPACE, '');
    if (!token.singleWord) return;
    const [left, right] = [parts[i - 1] as string, parts[i + 1] as string];
    if (left !== '' && !left.endsWith(' ')) {
      parts[i - 1] = left + token.content;
      parts[i] = '';
    } else if (right !== '' && !right.startsWith(' ')) {
      parts[i + 1] = token.content + right;
      parts[i] = '';
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
