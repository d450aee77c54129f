/**
 * Cuts documents into segments, which windows never cross. Where a segment ends is part of the code: both are functions of
 * the document and the segmenter alone.
 */
export interface Segmenter {
  /** All that determines the boundaries. */
  readonly fingerprint: string;
  /**
   * Ends of each document's segments: ascending, the last is the document's length; none for an empty document. Documents
   * are independent: what they share a call with changes nothing.
   */
  segment(documents: readonly Uint8Array[]): Uint32Array[] | Promise<Uint32Array[]>;
}
