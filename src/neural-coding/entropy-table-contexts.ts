import { ConfigError } from '../support/errors.js';
import { ContextCounter, type ContextCounting, type Contexts, ROOT } from './context-counter.js';
import type { TextSample } from './counts-sample.js';
import { type ContextTrie, LONGEST_CONTEXT, MOST_CONTEXTS } from './entropy-table.js';

export interface ContextOptions extends ContextCounting {
  /** Contexts to keep, the empty one included, at most MOST_CONTEXTS. */
  contexts: number;
}

export const CONTEXT_DEFAULTS = { contexts: 1 << 16, longestContext: 12, leastOccurrences: 64 } as const;

/**
 * The contexts of some text that change most, with the entropies of what follows them. The same for the same documents in any order. Takes
 * about ten times the memory of the text.
 *
 * @param sample documents, or pieces of them: no context reaches over the beginning of one
 * @throws ConfigError for options out of range; DataError if there is no text; the signal's reason
 */
export async function buildContexts(sample: TextSample, options: ContextOptions): Promise<ContextTrie> {
  checkOptions(options);
  const counter = new ContextCounter(sample, options);
  await counter.countAll();
  return asTrie(counter.contexts, options.contexts);
}

function checkOptions({ contexts, longestContext, leastOccurrences }: ContextOptions): void {
  const ranges = [
    ['contexts', contexts, MOST_CONTEXTS],
    ['bytes of the longest context', longestContext, LONGEST_CONTEXT],
    ['least occurrences of a context', leastOccurrences, Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [what, value, most] of ranges) {
    if (Number.isSafeInteger(value) && value >= 1 && value <= most) continue;
    throw new ConfigError(`${value} ${what}`, { hint: `Choose a whole number from 1 to ${most}.` });
  }
}

/**
 * The trie of the contexts that change most. A context brings all its substrings with it, each of which counts for as much
 * as the best of those that need it: so the most valuable contexts, up to any number, have their substrings among them.
 */
function asTrie(contexts: Contexts, most: number): ContextTrie {
  const { length, depth, shorter } = contexts;
  const beginnings = beginningsOf(contexts);
  const value = contexts.change.slice(0, length);
  const byDepth = Uint32Array.from({ length }, (_, id) => id).sort((a, b) => depth[a]! - depth[b]! || a - b);
  for (let i = length - 1; i > 0; i--) {
    const id = byDepth[i]!;
    for (const part of [shorter[id]!, beginnings[id]!]) value[part] = Math.max(value[part]!, value[id]!);
  }
  const chosen = byDepth.slice().sort((a, b) => compareDown(value[a]!, value[b]!) || depth[a]! - depth[b]! || a - b);
  return preorder(contexts, beginnings, chosen.subarray(0, most));
}

/** Descending; infinite values are equal. */
const compareDown = (a: number, b: number): number => (a > b ? -1 : a < b ? 1 : 0);

/**
 * Of each context the one without its last byte. It was counted, since it occurs at least as often. That of `a x`, a byte
 * before a context, is `a` before that of x; both lists of what is before have the same order.
 */
function beginningsOf({ length, shorter, first }: Contexts): Int32Array {
  const beginnings = new Int32Array(length);
  const { firstLonger, nextSibling } = longerContexts(shorter, length);
  for (let id = 0; id < length; id++) {
    // Contexts of one byte begin with the empty one, which beginnings[] says already.
    let other = id === ROOT ? -1 : firstLonger[beginnings[id]!]!;
    for (let longer = id === ROOT ? -1 : firstLonger[id]!; longer >= 0; longer = nextSibling[longer]!) {
      while (first[other]! < first[longer]!) other = nextSibling[other]!;
      beginnings[longer] = other;
    }
  }
  return beginnings;
}

/** Lists of the contexts that are one byte longer at the front, by that byte. */
function longerContexts(shorter: Int32Array, length: number) {
  const firstLonger = new Int32Array(length).fill(-1);
  const nextSibling = new Int32Array(length).fill(-1);
  // They were added by ascending byte: put in front in reverse, they come out in order.
  for (let id = length - 1; id > ROOT; id--) {
    nextSibling[id] = firstLonger[shorter[id]!]!;
    firstLonger[shorter[id]!] = id;
  }
  return { firstLonger, nextSibling };
}

/** The chosen contexts as a trie in the order of the text: the parent of a context is its beginning. */
function preorder(contexts: Contexts, beginnings: Int32Array, chosen: Uint32Array): ContextTrie {
  const last = lastBytes(contexts);
  const children = new Map<number, number[]>();
  for (const id of chosen) {
    if (id === ROOT) continue;
    const siblings = children.get(beginnings[id]!);
    if (siblings === undefined) children.set(beginnings[id]!, [id]);
    else siblings.push(id);
  }
  const { length } = chosen;
  const trie = {
    bytes: new Uint8Array(length),
    childCounts: new Uint16Array(length),
    entropies: new Uint16Array(length),
  };
  const stack = [ROOT];
  for (let node = 0; node < length; node++) {
    const id = stack.pop()!;
    const next = (children.get(id) ?? []).sort((a, b) => last[b]! - last[a]!);
    trie.bytes[node] = last[id]!;
    trie.childCounts[node] = next.length;
    trie.entropies[node] = contexts.entropy[id]!;
    stack.push(...next);
  }
  return trie;
}

function lastBytes({ length, shorter, first, depth }: Contexts): Uint8Array {
  const last = new Uint8Array(length);
  for (let id = 1; id < length; id++) last[id] = depth[id] === 1 ? first[id]! : last[shorter[id]!]!;
  return last;
}
