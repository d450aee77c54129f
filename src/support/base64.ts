/** Standard base64 with padding (RFC 4648 §4), without a copy of the bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/**
 * The bytes of a text that `encodeBase64` wrote, or undefined for any other text. Node's own decoder skips what it does
 * not know and accepts missing padding; a damaged record must not pass for a valid one.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
