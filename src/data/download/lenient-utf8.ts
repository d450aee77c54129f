import { isUtf8 } from 'node:buffer';

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
    const size = characterAt(bytes, at);
    for (let i = 0; i < size; i++) kept[length++] = bytes[at + i]!;
    // Of a broken character only the first byte is passed over: what follows is none that could begin another.
    at += Math.max(1, size);
  }
  return kept.subarray(0, length);
}

/** Bytes of the well-formed character that begins at `at`; 0 if none does (Unicode 16.0, table 3-7). */
function characterAt(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const form = FORMS.find(({ from, to }) => first >= from && first <= to);
  if (form === undefined) return 0;
  const second = bytes[at + 1] ?? 0;
  if (second < form.least || second > form.most) return 0;
  for (let i = 2; i < form.size; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return form.size;
}

/** First bytes, sizes, and the range of the second byte, which excludes long forms, surrogates and what is above U+10FFFF. */
const FORMS = [
  { from: 0xc2, to: 0xdf, size: 2, least: 0x80, most: 0xbf },
  { from: 0xe0, to: 0xe0, size: 3, least: 0xa0, most: 0xbf },
  { from: 0xe1, to: 0xec, size: 3, least: 0x80, most: 0xbf },
  { from: 0xed, to: 0xed, size: 3, least: 0x80, most: 0x9f },
  { from: 0xee, to: 0xef, size: 3, least: 0x80, most: 0xbf },
  { from: 0xf0, to: 0xf0, size: 4, least: 0x90, most: 0xbf },
  { from: 0xf1, to: 0xf3, size: 4, least: 0x80, most: 0xbf },
  { from: 0xf4, to: 0xf4, size: 4, least: 0x80, most: 0x8f },
];
