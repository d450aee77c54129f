import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Compressor, Encoded } from '../../src/plugins/contracts.js';
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

  it('writes symbols below alphabetSize, the same ones every time', async () => {
    const codec = await make();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const first = await codec.encode(bytes);
        const second = await (await make()).encode(bytes.slice());
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
