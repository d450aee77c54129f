import { glyphsOf } from '../../inspection/glyphs.js';

/** Bytes between quotes, with the escapes of `pc inspect`: tokens and phrases may hold a part of a character only. */
export function quoted(bytes: Uint8Array): string {
  const shown = glyphsOf(bytes).map(({ kind, text }) => (kind === 'text' ? text.replace(/["\\]/g, '\\$&') : text));
  return `"${shown.join('')}"`;
}
