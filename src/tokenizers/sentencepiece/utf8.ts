/** Bytes of the character that begins with this byte, in valid UTF-8. */
export function characterLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** The code point of the character that begins at `at`, in valid UTF-8. */
export function codePointAt(text: Uint8Array, at: number): number {
  const lead = text[at]!;
  if (lead < 0x80) return lead;
  const second = text[at + 1]! & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third = text[at + 2]! & 0x3f;
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (text[at + 3]! & 0x3f);
}
