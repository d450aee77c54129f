import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/support/base64.js';

describe('base64', () => {
  it('gives back arbitrary bytes, also of a view into a larger buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat({ max: 5 }), (bytes, offset) => {
        const view = Uint8Array.from([...new Array(offset).fill(7), ...bytes, 9]).subarray(
          offset,
          offset + bytes.length,
        );
        expect(Uint8Array.from(decodeBase64(encodeBase64(view))!)).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it.each(['QQ', 'QQ=', 'QR==', 'Q Q=', 'QQ==\n', '-_-_'])('refuses %j, which it never writes', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
