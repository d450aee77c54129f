/**
 * What is wrong with the symbols that a compressor gave, said of the compressor; null if they are in its alphabet. They
 * come from foreign JavaScript, and may be anything.
 */
export function symbolsFault(symbols: unknown, alphabetSize: number): string | null {
  if (!(symbols instanceof Uint32Array)) return 'its symbols are no Uint32Array';
  for (const symbol of symbols)
    if (symbol >= alphabetSize) return `symbol ${symbol} is outside its alphabet of ${alphabetSize}`;
  return null;
}
