/**
 * How many bytes the character at `at` has; 0 if no well-formed one begins there (Unicode 16.0, table 3-7: neither long
 * forms, nor surrogates, nor what is above U+10FFFF).
 */
export function characterWidth(bytes: Uint8Array, at: number): 0 | 1 | 2 | 3 | 4 {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  const follows = (ahead: number) => ((bytes[at + ahead] ?? 0) & 0xc0) === 0x80;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const inRange = second >= (lead === 0xe0 ? 0xa0 : 0x80) && second <= (lead === 0xed ? 0x9f : 0xbf);
    return inRange && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const inRange = second >= (lead === 0xf0 ? 0x90 : 0x80) && second <= (lead === 0xf4 ? 0x8f : 0xbf);
    return inRange && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}
