import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLeniently } from '../../../src/data/download/lenient-utf8.js';

describe('decodeLeniently', () => {
  // Right-hand sides by Python 3: bytes(...).decode('utf-8', errors='ignore').
  it.each([
    [[0x61, 0xff, 0x62], 'ab'],
    [[0x61, 0xc3], 'a'],
    [[0xe2, 0x82, 0x61], 'a'],
    [[0xf0, 0x9f, 0x98, 0xf0, 0x9f, 0x98, 0x80], '😀'],
    [[0xed, 0xa0, 0x80, 0x61], 'a'],
    [[0xc0, 0xaf, 0xe0, 0x80, 0xaf, 0x7a], 'z'],
    [[0xf4, 0x90, 0x80, 0x80, 0x61], 'a'],
    [[0xef, 0xbf, 0xbd, 0xff], '\ufffd'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ])('reads %j as %j', (bytes, text) => {
    expect(decodeLeniently(Buffer.from(bytes))).toBe(text);
  });

  it('keeps all of a text, whatever stands between its characters', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 })), (texts) => {
        const pieces = texts.flatMap((text) => [Buffer.from(text), Buffer.of(0xff)]);
        expect(decodeLeniently(Buffer.concat(pieces))).toBe(texts.join(''));
      }),
    );
  });
});
