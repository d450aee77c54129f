import type { EntropyQuantiles } from './segmentation-calibration.js';

/**
 * What follows a bounded context, in integers: a set of contexts (strings of bytes), each with the entropy of the byte
 * after it. h_t of a document is the entropy of the longest context that the bytes before t end with. Every machine has
 * the same h_t, since it takes no arithmetic.
 *
 * The set holds the empty context, and with a context all its substrings, so that an automaton over the trie of contexts
 * always knows the longest one.
 */
export interface EntropyTable extends ContextTrie {
  /** SHA-256 of all that determines boundaries, in hexadecimal. */
  readonly fingerprint: string;
  /** Of the table's entropies on text that it was not made from. */
  readonly quantiles: EntropyQuantiles;
  readonly provenance: EntropyTableProvenance;
}

/** The contexts as a trie, read in the order of the text, in preorder, children by ascending byte. */
export interface ContextTrie {
  /** Byte on the edge into each node, the last of its context; node 0 is the empty context, whose entry is 0. */
  readonly bytes: Uint8Array;
  /** Children of each node, 0 … 256. */
  readonly childCounts: Uint16Array;
  /** Entropy of the byte after each context, in units of 1/4096 bit. */
  readonly entropies: Uint16Array;
}

/** Where a table came from: written into the file, decides nothing. */
export interface EntropyTableProvenance {
  /** What was counted, in words and by checksum where there is one. */
  corpus: string;
  /** Bytes that were counted. */
  countedBytes: number;
  /** Bytes that the quantiles were taken of. */
  calibrationBytes: number;
}

/** Nodes of the largest table that is built or read. */
export const MOST_CONTEXTS = 1 << 20;

/** Bytes of the longest context that a table may hold. */
export const LONGEST_CONTEXT = 64;

/** What the names of tables' files end with. */
export const ENTROPY_TABLE_EXTENSION = '.entropies';
