import type { Field } from './field.js';

/** The model `Unigram` of a `tokenizer.json`, as the file gives it. */
export interface UnigramFile {
  type: 'Unigram';
  /** By id. */
  pieces: readonly ScoredName[];
  /** Of a name that is there twice, the later one. */
  ids: ReadonlyMap<string, number>;
  /** The id of what has no piece; undefined if there is none. */
  unknownId: number | undefined;
  /** Whether what has no piece becomes the tokens `<0x00>` … `<0xFF>` of its bytes. */
  byteFallback: boolean;
}

interface ScoredName {
  name: string;
  /** Log probability. */
  score: number;
}

/** @throws TokenizerError if it is damaged */
export function readUnigram(model: Field): UnigramFile {
  const pieces = model.get('vocab').items().map(readPiece);
  const unknown = model.get('unk_id');
  const unknownId = unknown.isAbsent ? undefined : unknown.count();
  if (unknownId !== undefined && unknownId >= pieces.length)
    throw unknown.damaged(`${unknownId} is no id of the vocabulary, which has ${pieces.length} pieces`);
  return {
    type: 'Unigram',
    pieces,
    ids: new Map(pieces.map(({ name }, id) => [name, id])),
    unknownId,
    byteFallback: model.get('byte_fallback').boolean(false),
  };
}

function readPiece(field: Field): ScoredName {
  const { value } = field;
  const [name, score]: unknown[] = Array.isArray(value) && value.length === 2 ? value : [];
  if (typeof name !== 'string' || typeof score !== 'number' || !Number.isFinite(score))
    throw field.damaged('expected a piece and its score');
  return { name, score: asTheLibraryReads(score) };
}

/**
 * The library's reader of JSON takes the digits of a number as a whole one, rounds it, divides by a power of ten and rounds
 * again (serde_json without `float_roundtrip`), so that many a score is off by its last bit. Sums of scores decide ids.
 *
 * @param score as JavaScript reads it, exactly; the file has its shortest digits, as all programs write it
 */
function asTheLibraryReads(score: number): number {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(score))!;
  const digits = Number(`${whole}${fraction}`);
  const exponent = Number(power) - fraction.length;
  // Not `10 ** n`, which need not be the nearest double.
  const size = exponent < 0 ? digits / Number(`1e${-exponent}`) : digits * Number(`1e${exponent}`);
  return sign === '-' ? -size : size;
}
