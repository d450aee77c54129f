import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutLongLines, splitLines } from '../../src/data/lines.js';

describe('splitLines', () => {
  it('gives the same lines however the bytes are cut into chunks', async () => {
    const chunks = fc.array(fc.uint8Array({ max: 13, maxLength: 8 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, async (pieces) => {
        const stream = async function* () {
          yield* pieces;
        };
        const lines: string[] = [];
        for await (const line of splitLines(stream())) lines.push(Buffer.from(line).toString('latin1'));
        const expected = Buffer.concat(pieces).toString('latin1').split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines).toEqual(expected);
      }),
    );
  });
});

describe('cutLongLines', () => {
  it('leaves one byte more than the limit of every longer line, and all of the others', async () => {
    const chunks = fc.array(fc.uint8Array({ max: 13, maxLength: 8 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 12 }), async (pieces, longest) => {
        const stream = async function* () {
          yield* pieces;
        };
        const cut: Uint8Array[] = [];
        for await (const chunk of cutLongLines(stream(), longest)) cut.push(chunk);
        const lines = Buffer.concat(pieces).toString('latin1').split('\n');
        const expected = lines.map((line) => line.slice(0, longest + 1)).join('\n');
        expect(Buffer.concat(cut).toString('latin1')).toBe(expected);
      }),
    );
  });
});
