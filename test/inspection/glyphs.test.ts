import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { glyphsOf } from '../../src/inspection/index.js';
import { bytesOf } from './compressors.js';

/** Text as it is, escapes in brackets. */
const drawn = (bytes: Uint8Array): string =>
  glyphsOf(bytes)
    .map(({ kind, text }) => (kind === 'text' ? text : `[${text}]`))
    .join('');

describe('glyphs', () => {
  it.each([
    ['text and spaces', 'a b\\n é 漢 😀', 'a b\\n é 漢 😀'],
    ['line ends and tabs', 'a\tb\r\n', 'a[\\t]b[\\r][\\n]'],
    ['controls', '\0\x1b[31m\x7f\u0085', '[\\x00][\\x1b][31m[\\x7f][\\u{85}]'],
    ['marks that reorder text', 'a\u202eb', 'a[\\u{202e}]b'],
    ['what has no width', '\ufeffa\u200bb\u00ad', '[\\u{feff}]a[\\u{200b}]b[\\u{ad}]'],
    ['spaces that look like others', '\u00a0\u2003\u2028', '[\\u{a0}][\\u{2003}][\\u{2028}]'],
    ['private and unassigned characters', '\ue000\u{10ffff}', '[\\u{e000}][\\u{10ffff}]'],
  ])('of %s', (_, text, expected) => {
    expect(drawn(bytesOf(text))).toBe(expected);
  });

  it.each([
    ['bytes that occur in no text', [0x61, 0xff, 0xc0, 0x80], 'a[\\xff][\\xc0][\\x80]'],
    ['a character cut off at the end', [0x61, 0xe2, 0x82], 'a[\\xe2][\\x82]'],
    ['a character cut off at the start', [0x82, 0xac, 0x61], '[\\x82][\\xac]a'],
    ['a surrogate', [0xed, 0xa0, 0x80], '[\\xed][\\xa0][\\x80]'],
    ['a longer form than needed', [0xe0, 0x80, 0xaf], '[\\xe0][\\x80][\\xaf]'],
    ['the replacement character itself', [0xef, 0xbf, 0xbd], '\ufffd'],
  ])('of %s', (_, bytes, expected) => {
    expect(drawn(Uint8Array.from(bytes))).toBe(expected);
  });

  it('say where a line ends', () => {
    expect(glyphsOf(bytesOf('a\nb'))).toEqual([
      { kind: 'text', text: 'a' },
      { kind: 'line-end', text: '\\n' },
      { kind: 'text', text: 'b' },
    ]);
  });

  it('hold every byte: those of text, and those that escapes name', () => {
    const escaped = (text: string): Uint8Array => {
      const named = { '\\n': '\n', '\\r': '\r', '\\t': '\t' }[text];
      if (named !== undefined) return bytesOf(named);
      if (text.startsWith('\\x')) return Uint8Array.of(Number.parseInt(text.slice(2), 16));
      return bytesOf(String.fromCodePoint(Number.parseInt(text.slice(3, -1), 16)));
    };
    const anything = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(bytesOf));
    fc.assert(
      fc.property(anything, (bytes) => {
        const parts = glyphsOf(bytes).map(({ kind, text }) => (kind === 'text' ? bytesOf(text) : escaped(text)));
        expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
      }),
    );
  });
});
