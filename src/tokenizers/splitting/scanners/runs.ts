import { type CodePointSet, membership } from '../../unicode/code-point-set.js';
import type { Scan } from '../splitter.js';

/** Runs of up to `maximum` characters of a set, and what stands between them: what `[…]{1,maximum}` isolates. */
export function runScan(set: CodePointSet, maximum: number): Scan {
  const members = membership(set);
  return (units, from, limit) => {
    const isRun = members[codePointAt(units, from, limit)] === 1;
    const longest = isRun ? maximum : Number.POSITIVE_INFINITY;
    let end = from;
    for (let count = 0; end < limit && count < longest; count++) {
      const codePoint = codePointAt(units, end, limit);
      if ((members[codePoint] === 1) !== isRun) break;
      end += codePoint > 0xffff ? 2 : 1;
    }
    return end;
  };
}

function codePointAt(units: Uint16Array, at: number, limit: number): number {
  const unit = units[at]!;
  if ((unit & 0xfc00) !== 0xd800 || at + 1 >= limit || (units[at + 1]! & 0xfc00) !== 0xdc00) return unit;
  return 0x10000 + ((unit & 0x3ff) << 10) + (units[at + 1]! & 0x3ff);
}
