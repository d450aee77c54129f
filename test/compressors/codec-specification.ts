import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Compressor, Encoded, Segment } from '../../src/plugins/contracts.js';
import goldens from '../fixtures/data_pipeline.json' with { type: 'json' };

/** The goldens' documents, as bytes. */
export const DOCUMENTS: readonly Uint8Array[] = goldens.documents.map((text) => new TextEncoder().encode(text));

/** 50 MB that neither repeat nor are uniform: a counter's low bits under a slowly changing high part. */
export function largeDocument(): Uint8Array {
  const bytes = new Uint8Array(50_000_000);
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((i * 2_654_435_761) >>> 24) & (i & 0x10000 ? 0x5f : 0x3f);
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Few values in long runs, of which a compressor makes long matches. */
const repetitiveBytes = fc
  .array(fc.tuple(fc.integer({ min: 97, max: 99 }), fc.integer({ min: 1, max: 2000 })), { maxLength: 5 })
  .map((runs) => Uint8Array.from(runs.flatMap(([byte, length]) => new Array<number>(length).fill(byte))));

/**
 * What is wrong with segments that should continue each other, or share a range, from the first byte to the last; null:
 * nothing. One answer for all of them: an assertion for each would take most of the time.
 */
function faultOfCover(segments: readonly Segment[], length: number): string | null {
  let previous = { byteStart: 0, byteEnd: 0 };
  for (const [index, { byteStart, byteEnd }] of segments.entries()) {
    const shared = byteStart === previous.byteStart && byteEnd === previous.byteEnd;
    if (!shared && byteStart !== previous.byteEnd) return `segment ${index} does not begin where the one before ends`;
    if (byteEnd < byteStart) return `segment ${index} ends before it begins`;
    previous = { byteStart, byteEnd };
  }
  return previous.byteEnd === length ? null : 'the last segment does not end with the text';
}

/** What every codec of arbitrary bytes promises. */
export function behavesLikeACodec(make: () => Promise<Compressor>): void {
  it('decodes what it encoded, for arbitrary bytes', async () => {
    const codec = await make();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const encoded = await codec.encode(bytes);
        return equalBytes(await codec.decode(encoded), bytes);
      }),
    );
  });

  it('writes symbols below alphabetSize, the same ones in every instance', async () => {
    const [codec, other] = [await make(), await make()];
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const first = await codec.encode(bytes);
        const second = await other.encode(bytes.slice());
        expect(second).toEqual(first);
        return first.symbols.every((symbol) => symbol < codec.alphabetSize);
      }),
    );
  });

  it('stores codes in a record field and reads them back', async () => {
    const codec = await make();
    expect(codec.field.name).toMatch(/^(pc|m1)_/);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const encoded: Encoded = await codec.encode(bytes);
        const text = codec.field.write(encoded);
        expect(JSON.parse(JSON.stringify(text))).toBe(text);
        // What the field leaves out, whoever calls it puts back.
        const { symbols } = encoded;
        expect(codec.field.read(text)).toEqual(codec.field.sideName === undefined ? encoded : { symbols });
      }),
    );
  });

  it('refuses a record field that is damaged', async () => {
    const codec = await make();
    expect(() => codec.field.read('not base64!')).toThrowError(
      expect.objectContaining({ code: 'compressor', location: { field: codec.field.name } }),
    );
  });
}

/** What a codec promises that says which bytes its symbols cover. */
export function coversBytesBySymbols(make: () => Promise<Compressor>): void {
  it('says which bytes each symbol covers: all of them, in order, without gaps or overlaps', async () => {
    const codec = await make();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), repetitiveBytes), async (bytes) => {
        const segments = [...(await codec.segments!(bytes))];
        const symbols = Uint32Array.from(segments, ({ symbol }) => symbol);
        const encoded = await codec.encode(bytes);
        expect(symbols.length).toBe(encoded.symbols.length);
        expect(symbols.findIndex((symbol, index) => symbol !== encoded.symbols[index])).toBe(-1);
        expect(faultOfCover(segments, bytes.length)).toBeNull();
      }),
    );
  });
}
