import { membership } from '../../unicode/code-point-set.js';
import { rustNumbers } from '../../unicode/properties.js';
import type { Scan } from '../splitter.js';

/** Every digit alone, and what stands between digits together. */
export function digitScan(): Scan {
  const digits = membership(rustNumbers());
  return (units, from, limit) => {
    let end = from;
    while (end < limit) {
      const unit = units[end]!;
      const isPair = (unit & 0xfc00) === 0xd800 && end + 1 < limit && (units[end + 1]! & 0xfc00) === 0xdc00;
      const codePoint = isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (units[end + 1]! & 0x3ff) : unit;
      const width = isPair ? 2 : 1;
      if (digits[codePoint] === 1) return end === from ? end + width : end;
      end += width;
    }
    return end;
  };
}
