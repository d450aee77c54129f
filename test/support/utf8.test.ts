import { isUtf8 } from 'node:buffer';
import { expect, it } from 'vitest';
import { characterWidth } from '../../src/support/utf8.js';

/** First bytes of all kinds, and bytes around the bounds of every range that may follow. */
const LEADS = Array.from({ length: 256 }, (_, byte) => byte);
const FOLLOWING = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];

it('is the width of the only prefix that is one character', () => {
  for (const lead of LEADS)
    for (const second of FOLLOWING)
      for (const third of FOLLOWING)
        for (const fourth of FOLLOWING) {
          const bytes = Uint8Array.of(lead, second, third, fourth);
          // The shortest valid prefix is a single character.
          const expected = [1, 2, 3, 4].find((width) => isUtf8(bytes.subarray(0, width))) ?? 0;
          if (characterWidth(bytes, 0) !== expected)
            expect.fail(`${Buffer.from(bytes).toString('hex')}: ${characterWidth(bytes, 0)}, not ${expected}`);
        }
});

it('is 0 for a character that is cut off', () => {
  const bytes = Buffer.from('a😀');
  for (let length = 2; length < bytes.length; length++) expect(characterWidth(bytes.subarray(0, length), 1)).toBe(0);
  expect(characterWidth(bytes, 1)).toBe(4);
});
