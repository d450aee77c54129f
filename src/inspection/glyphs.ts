import { characterWidth } from '../support/utf8.js';

/**
 * How bytes are shown: valid UTF-8 as its characters, and as escapes all that would not be seen, or would change how
 * its neighbours are seen: control characters, marks of direction, spaces other than U+0020, and bytes that are no text.
 */
export interface Glyph {
  /** `line-end` is an escape as well, behind which a line ends. */
  kind: 'text' | 'escape' | 'line-end';
  text: string;
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Other (controls, formats, unassigned, private, surrogates) and separators, except the space. */
const UNSEEN = /^(?! )[\p{C}\p{Z}]$/u;

/** The glyphs of some bytes; neighbouring text is joined. A character that is cut off is shown as its bytes. */
export function glyphsOf(bytes: Uint8Array): Glyph[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const glyphs: Glyph[] = [];
  for (let at = 0; at < buffer.length; ) {
    const width = characterWidth(buffer, at);
    append(
      glyphs,
      width > 0 ? glyphOf(buffer.toString('utf8', at, at + width)) : { kind: 'escape', text: byteEscape(buffer[at]!) },
    );
    at += Math.max(1, width);
  }
  return glyphs;
}

function append(glyphs: Glyph[], glyph: Glyph): void {
  const last = glyphs.at(-1);
  if (last?.kind === 'text' && glyph.kind === 'text') last.text += glyph.text;
  else glyphs.push(glyph);
}

function glyphOf(character: string): Glyph {
  const name = NAMED[character];
  if (name !== undefined) return { kind: character === '\n' ? 'line-end' : 'escape', text: name };
  if (!UNSEEN.test(character)) return { kind: 'text', text: character };
  const code = character.codePointAt(0)!;
  return { kind: 'escape', text: code < 0x80 ? byteEscape(code) : `\\u{${code.toString(16)}}` };
}

const byteEscape = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
