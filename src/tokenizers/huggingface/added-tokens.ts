import type { AddedToken } from '../tokenizer.js';
import { classOf } from '../unicode/code-point-set.js';
import { rustWord, whiteSpace } from '../unicode/properties.js';
import type { Field } from './field.js';

/** A part of a text: an added token, or what stands between two of them. */
export interface TextPart {
  start: number;
  end: number;
  /** The id of an added token; undefined for other text. */
  id: number | undefined;
}

/**
 * The tokens that a file lists beside its model, with the ids that the library gives them: that of the vocabulary where
 * it has the token, else the next free one, whatever the file says.
 */
export function readAddedTokens(field: Field, vocabulary: ReadonlyMap<string, number>): AddedToken[] {
  if (field.isAbsent) return [];
  const tokens = new Map<string, AddedToken>();
  let highest = -1;
  for (const item of field.items()) {
    const content = item.get('content').string();
    if (content === '') continue;
    const known = tokens.get(content)?.id ?? vocabulary.get(content);
    const id = known ?? Math.max(highest + 1, vocabulary.size);
    highest = Math.max(highest, id);
    const special = item.get('special').boolean(false);
    tokens.set(content, {
      id,
      content,
      special,
      lstrip: item.get('lstrip').boolean(false),
      rstrip: item.get('rstrip').boolean(false),
      normalized: item.get('normalized').boolean(!special),
      singleWord: item.get('single_word').boolean(false),
    });
  }
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}

interface Node {
  next: Map<number, Node>;
  token: AddedToken | undefined;
}

const WORD_BEFORE = new RegExp(`${classOf(rustWord())}$`, 'u');
const WORD_AFTER = new RegExp(`^${classOf(rustWord())}`, 'u');

/** Finds added tokens in texts: the leftmost, and the longest of those that begin at the same place. */
export class AddedTokenMatcher {
  private readonly root: Node = { next: new Map(), token: undefined };
  /** By UTF-16 unit: whether a token begins with it. */
  private readonly begins = new Uint8Array(1 << 16);
  private readonly isSpace = new Uint8Array(1 << 16);
  /** Whether any token is not special. */
  readonly hasOrdinary: boolean;

  /** @param contentOf as what a token is found in texts */
  constructor(tokens: readonly AddedToken[], contentOf: (token: AddedToken) => string) {
    this.hasOrdinary = tokens.some(({ special }) => !special);
    for (const token of tokens) {
      const content = contentOf(token);
      if (content === '') continue;
      let node = this.root;
      for (let i = 0; i < content.length; i++) {
        const unit = content.charCodeAt(i);
        let next = node.next.get(unit);
        if (next === undefined) {
          next = { next: new Map(), token: undefined };
          node.next.set(unit, next);
        }
        node = next;
      }
      node.token = token;
      this.begins[content.charCodeAt(0)] = 1;
    }
    for (const [begin, end] of whiteSpace()) this.isSpace.fill(1, begin, end);
  }

  /**
   * The parts of a text in order, as many as it has. Special tokens hide what lies within them also where they are not
   * wanted, as in the library.
   *
   * @param units the text's UTF-16 units
   * @param special whether special tokens are wanted, or are text
   */
  *parts(text: string, units: Uint16Array, special: boolean): Generator<TextPart> {
    const { length } = text;
    let done = 0;
    for (let at = 0; at < length; ) {
      if (this.begins[units[at]!] === 0) {
        at++;
        continue;
      }
      const match = this.longestAt(units, at, length);
      if (match === undefined) {
        at++;
        continue;
      }
      const { token, end: matchEnd } = match;
      let start = at;
      let end = matchEnd;
      // The library goes on behind the match even where it does not take it.
      at = matchEnd;
      if (token.special && !special) continue;
      if (token.singleWord && !(isWordEdge(text, start, WORD_BEFORE) && isWordEdge(text, end, WORD_AFTER))) continue;
      if (token.lstrip) {
        while (start > 0 && this.isSpace[units[start - 1]!] === 1) start--;
        start = Math.max(start, done);
      }
      if (token.rstrip) while (end < length && this.isSpace[units[end]!] === 1) end++;
      if (start > done) yield { start: done, end: start, id: undefined };
      // Matches may overlap where the one before took the white space behind it; the library takes both, if anything is left.
      if (end > start) yield { start, end, id: token.id };
      done = end;
    }
    if (done < length) yield { start: done, end: length, id: undefined };
  }

  private longestAt(units: Uint16Array, at: number, limit: number): { token: AddedToken; end: number } | undefined {
    let node: Node | undefined = this.root;
    let found: { token: AddedToken; end: number } | undefined;
    for (let i = at; i < limit; i++) {
      node = node.next.get(units[i]!);
      if (node === undefined) break;
      if (node.token !== undefined) found = { token: node.token, end: i + 1 };
    }
    return found;
  }
}

/** Whether no word's character stands on that side of `at`. */
function isWordEdge(text: string, at: number, side: RegExp): boolean {
  return !side.test(side === WORD_BEFORE ? text.slice(Math.max(0, at - 2), at) : text.slice(at, at + 2));
}
