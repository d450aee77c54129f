import type { WindowParameters } from './parameters.js';

/**
 * The compiled form of a window coder: the trie of all strings that can be a window or the beginning of one, S ∪ {ε}, in
 * preorder, children by ascending byte. Encoding and decoding need nothing else: no model, no floats.
 */
export interface Codebook extends WindowParameters {
  /** SHA-256 of all that determines the codes, in hexadecimal. */
  readonly fingerprint: string;
  /** Byte on the edge into each node; node 0 is the root, whose entry is 0. */
  readonly bytes: Uint8Array;
  /** Children of each node, 0 … 256. */
  readonly childCounts: Uint16Array;
  /** The code of each node's string, 0 … 2^τ − 1, or −1 where it has none. Unique but for coder `lester`. */
  readonly codes: Int32Array;
  readonly provenance: CodebookProvenance;
}

export const CODEBOOK_SOURCES = ['counts', 'm1', 'custom'] as const;
export type CodebookSource = (typeof CODEBOOK_SOURCES)[number];

/** Where a codebook came from: written into the artifact, shown by `pc codebook info`. */
export interface CodebookProvenance {
  /** What gave the frequencies: counts of bytes, the model M1, or a model of the caller's own. */
  readonly source: CodebookSource;
  readonly modelFingerprint: string;
  /** What the model was trained on, in words and by checksum where there is one. */
  readonly corpus: string;
}
