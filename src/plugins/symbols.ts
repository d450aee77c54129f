/**
 * What is wrong with the symbols that a compressor gave, said of the compressor; null if they are in its alphabet. They
 * come from foreign JavaScript, and may be anything.
 */
export function symbolsFault(symbols: unknown, alphabetSize: number): string | null {
  if (!(symbols instanceof Uint32Array)) return 'its symbols are no Uint32Array';
  // By index: an iterator would take as long as a fast compressor does.
  for (let i = 0; i < symbols.length; i++)
    if (symbols[i]! >= alphabetSize) return `symbol ${symbols[i]} is outside its alphabet of ${alphabetSize}`;
  return null;
}
