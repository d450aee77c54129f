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

/** Segments continue each other, or share a range, from the first byte to the last. */
function expectToCover(segments: readonly Segment[], length: number): void {
  let previous = { byteStart: 0, byteEnd: 0 };
  for (const { byteStart, byteEnd } of segments) {
    const shared = byteStart === previous.byteStart && byteEnd === previous.byteEnd;
    if (!shared) expect(byteStart, 'begins where the one before ends').toBe(previous.byteEnd);
    expect(byteEnd, 'ends after it begins').toBeGreaterThanOrEqual(byteStart);
    previous = { byteStart, byteEnd };
  }
  expect(previous.byteEnd, 'the last one ends with the text').toBe(length);
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
    expect(codec.field.name).toMatch(/^pc_/);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const encoded: Encoded = await codec.encode(bytes);
        const text = codec.field.write(encoded);
        expect(JSON.parse(JSON.stringify(text))).toBe(text);
        expect(codec.field.read(text)).toEqual(encoded);
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
        const segments = [...codec.segments!(bytes)];
        expect(segments.map(({ symbol }) => symbol)).toEqual([...(await codec.encode(bytes)).symbols]);
        expectToCover(segments, bytes.length);
      }),
    );
  });
}
