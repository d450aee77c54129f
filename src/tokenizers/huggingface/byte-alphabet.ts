/**
 * The printable characters that stand for bytes in the vocabularies of byte-level BPE since GPT-2: those of Latin-1
 * that are visible stand for themselves, the other 68 bytes, in order, for the characters from U+0100 on.
 */

const isVisible = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** The character of every byte. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let hidden = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isVisible(byte) ? byte : 0x100 + hidden++));
})();

const BYTES: ReadonlyMap<string, number> = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** The bytes that a token's characters stand for; undefined if one of them stands for none. */
export function bytesOfCharacters(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTES.get(token[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** Bytes as the characters that stand for them. */
export function charactersOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += BYTE_CHARACTERS[byte]!;
  return text;
}
