/** A part of the text, `start` ≤ byte < `end`, and the id of its piece: that of the unknown piece if it has none. */
export type EmitPart = (id: number, start: number, end: number) => void;

/** Cuts normalised UTF-8 into parts that follow each other without gaps; one class for each type of model. */
export interface Segmenter {
  segment(text: Uint8Array, emit: EmitPart): void;
}
