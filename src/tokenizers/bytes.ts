import { isUtf8 } from 'node:buffer';
import { TokenizerError } from '../support/errors.js';
import { characterWidth } from '../support/utf8.js';
import { concatenateIds } from './id-buffer.js';
import type { EncodeOptions, Tokenizer } from './tokenizer.js';

/**
 * The ids of a document given as bytes: text where they are valid UTF-8, and the tokens of single bytes where they are
 * not, so that what a lossless tokenizer makes of any bytes decodes to them.
 *
 * @throws TokenizerError for bytes that are not valid UTF-8 if the vocabulary lacks tokens of single bytes
 */
export function encodeBytes(tokenizer: Tokenizer, bytes: Uint8Array, options?: EncodeOptions): Uint32Array {
  if (isUtf8(bytes)) return tokenizer.encode(textOf(bytes), options);
  const { byteIds } = tokenizer;
  if (byteIds === null) {
    throw new TokenizerError('the bytes are not valid UTF-8, and the tokenizer has no tokens for bytes alone', {
      hint: 'Use a byte-level tokenizer, or one with byte fallback.',
    });
  }
  const parts: Uint32Array[] = [];
  for (const { start, end, valid } of utf8Parts(bytes)) {
    const part = bytes.subarray(start, end);
    parts.push(valid ? tokenizer.encode(textOf(part), options) : Uint32Array.from(part, (byte) => byteIds[byte]!));
  }
  return concatenateIds(parts);
}

/** Bytes from `start` to `end` that are all valid UTF-8, or none of which is part of a valid character. */
interface Utf8Part {
  start: number;
  end: number;
  valid: boolean;
}

function* utf8Parts(bytes: Uint8Array): Generator<Utf8Part> {
  let start = 0;
  let valid = true;
  for (let at = 0; at < bytes.length; ) {
    const width = characterWidth(bytes, at);
    if (width > 0 !== valid) {
      if (at > start) yield { start, end: at, valid };
      start = at;
      valid = width > 0;
    }
    at += Math.max(1, width);
  }
  if (bytes.length > start) yield { start, end: bytes.length, valid };
}

/** A byte order mark at the beginning is text like any other. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
