import { isUtf8 } from 'node:buffer';
import { characterWidth } from '../../support/utf8.js';

/**
 * Decodes UTF-8 and leaves out what is none, as Python does with `errors="ignore"`: not a single replacement character
 * that the text did not have.
 */
export function decodeLeniently(bytes: Buffer): string {
  return (isUtf8(bytes) ? bytes : validPartsOf(bytes)).toString('utf8');
}

function validPartsOf(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = characterWidth(bytes, at);
    for (let i = 0; i < size; i++) kept[length++] = bytes[at + i]!;
    // Of a broken character only the first byte is passed over: what follows is none that could begin another.
    at += Math.max(1, size);
  }
  return kept.subarray(0, length);
}
