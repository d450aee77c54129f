/** Copies of larger tensors would take too much memory. */
const MOST_BYTES = 1 << 26;

/** Whether the checksum of so many bytes is computed on another thread; otherwise it is up to the caller, piece by piece. */
export function hasBackgroundChecksum(byteLength: number): boolean {
  return byteLength <= MOST_BYTES;
}

/**
 * SHA-256 in hexadecimal, computed on another thread of Node's pool: a thread has some 1 GB/s, less than files are
 * written and read with. It works on a copy, so the bytes may be given away.
 */
export async function backgroundChecksum(bytes: Uint8Array): Promise<string> {
  const view = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return Buffer.from(await crypto.subtle.digest('SHA-256', view)).toString('hex');
}
