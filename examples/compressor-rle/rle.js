/**
 * A run of n equal bytes becomes the byte and, for n > 1, the symbol 256 + (n − 2).
 *
 * @param {Uint8Array} bytes
 * @param {number} maxRun
 * @returns {Uint32Array}
 */
export function encodeRuns(bytes, maxRun) {
  const symbols = [];
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1;
    while (end < bytes.length && end - start < maxRun && bytes[end] === bytes[start]) end++;
    symbols.push(bytes[start]);
    if (end - start > 1) symbols.push(256 + (end - start - 2));
    start = end;
  }
  return Uint32Array.from(symbols);
}

/**
 * @param {Uint32Array} symbols
 * @param {number} maxRun
 * @param {(what: string) => never} refuse called for symbols that `encodeRuns` never writes
 * @returns {Uint8Array}
 */
export function decodeRuns(symbols, maxRun, refuse) {
  const bytes = [];
  let repeatable = false;
  for (const [position, symbol] of symbols.entries()) {
    if (symbol < 256) {
      bytes.push(symbol);
      repeatable = true;
      continue;
    }
    const repetitions = symbol - 255;
    if (repetitions >= maxRun) refuse(`rle symbol ${symbol} at position ${position} is above ${254 + maxRun}`);
    if (!repeatable) refuse(`rle symbol ${symbol} at position ${position} repeats no byte`);
    for (let count = 0; count < repetitions; count++) bytes.push(bytes[bytes.length - 1]);
    repeatable = false;
  }
  return Uint8Array.from(bytes);
}
