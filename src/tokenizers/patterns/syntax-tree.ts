import type { CodePointSet } from '../unicode/code-point-set.js';

/** A regular expression, as far as it can be said in JavaScript exactly. Groups capture nothing. */
export type Expression =
  | { kind: 'set'; set: CodePointSet }
  | { kind: 'sequence'; parts: Expression[] }
  | { kind: 'alternatives'; branches: Expression[] }
  | { kind: 'repeat'; body: Expression; minimum: number; maximum: number; mode: 'greedy' | 'lazy' | 'possessive' }
  | { kind: 'atomic'; body: Expression }
  | { kind: 'look'; body: Expression; behind: boolean; negative: boolean }
  | { kind: 'anchor'; at: Anchor };

export type Anchor =
  | 'text start'
  | 'text end'
  | 'last line end'
  | 'line start'
  | 'line end'
  | 'word boundary'
  | 'no word boundary';
