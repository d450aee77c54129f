const APOSTROPHE = 0x27;
const LONG_S = 0x17f;
const [S, T, M, D, R, V, E, L] = Array.from('stmdrvel', (letter) => letter.charCodeAt(0)) as [
  ...[number, number, number, number],
  ...[number, number, number, number],
];

/**
 * Where an English contraction (`'s 't 'm 'd 're 've 'll`) ends that begins at `at`, or `at` if there is none.
 *
 * @param ignoreCase whether capitals count, and with them, by the rules of Unicode, the long s
 */
export function endOfContraction(units: Uint16Array, at: number, limit: number, ignoreCase: boolean): number {
  if (units[at] !== APOSTROPHE || at + 1 >= limit) return at;
  const first = small(units[at + 1]!, ignoreCase);
  if (first === S || first === T || first === M || first === D) return at + 2;
  if (at + 2 >= limit) return at;
  const second = small(units[at + 2]!, ignoreCase);
  const isContraction = ((first === R || first === V) && second === E) || (first === L && second === L);
  return isContraction ? at + 3 : at;
}

function small(unit: number, ignoreCase: boolean): number {
  if (!ignoreCase) return unit;
  if (unit === LONG_S) return S;
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}
