import { describe, expect, it } from 'vitest';
import { decodeCodebook, encodeCodebook } from '../../../src/neural-coding/codebook-file.js';
import { CodebookError, CompressorError } from '../../../src/support/errors.js';
import { sealed } from '../../neural-coding/mutated-codebooks.js';
import { equalBytes, largeDocument } from '../codec-specification.js';
import { makeNeural, modelDirectory, smallCodebook, temporaryFile } from './small-artifacts.js';

describe('a codebook', () => {
  const file = async (): Promise<Uint8Array> => encodeCodebook(await smallCodebook());

  it.each([
    ['damaged', (bytes: Uint8Array) => bytes.with(bytes.length - 40, bytes.at(-40)! ^ 1)],
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, -100)],
    ['empty', () => new Uint8Array()],
    ['a foreign file', () => new TextEncoder().encode('{"model": "a tokenizer"}'.repeat(100))],
    ['of a newer version', (bytes: Uint8Array) => sealed(bytes.with(8, 2))],
  ])('that is %s is refused by its name', async (_, change) => {
    const codebook = temporaryFile('bad.codebook', change(await file()));
    const creating = makeNeural({ codebook });
    await expect(creating).rejects.toThrowError(CodebookError);
    await expect(creating).rejects.toMatchObject({ location: { file: codebook } });
  });

  it('that does not exist is refused, with the names of those that ship', async () => {
    await expect(makeNeural({ codebook: 'nowhere' })).rejects.toMatchObject({
      message: /there is no codebook nowhere/,
      hint: /code-16, code-12/,
    });
  });

  it('is another one than that which made the codes: its symbols mean something else, and its fingerprint says so', async () => {
    const { bytes, codes, childCounts, ...rest } = await smallCodebook();
    const renumbered = { ...rest, bytes, childCounts, codes: codes.map((code) => (code < 0 ? code : 4095 - code)) };
    const other = temporaryFile('other.codebook', encodeCodebook(renumbered));
    expect(decodeCodebook(encodeCodebook(renumbered), 'other').codes).toEqual(renumbered.codes);
    expect((await makeNeural({ codebook: other })).fingerprint).not.toBe((await makeNeural()).fingerprint);
  });

  it('is not needed where segments or codes lack what they are made with: that is said by its name', async () => {
    const entropyTable = temporaryFile('bad.entropies', 'no table');
    await expect(makeNeural({ segmentation: 'table', entropyTable })).rejects.toMatchObject({
      location: { file: entropyTable },
    });
    const segmentationModel = temporaryFile('no-directory', '');
    await expect(makeNeural({ segmentation: 'entropy', segmentationModel })).rejects.toThrowError(CodebookError);
  });
});

describe('symbols', () => {
  it('out of the alphabet are refused with their position', async () => {
    const neural = await makeNeural();
    expect(() => neural.decode({ symbols: Uint32Array.of(65, 256 + 4096) })).toThrowError(
      'symbol 4352 at position 1 is above 4351',
    );
    const direct = await makeNeural({ model: 'any' });
    await expect(async () => direct.decode({ symbols: Uint32Array.of(65, 256 + 4096) })).rejects.toThrowError(
      'symbol 4352 at position 1 is above 4351',
    );
  });

  it('of no phrase are refused with their position', async () => {
    const codes = new Set((await smallCodebook()).codes);
    const free = Array.from({ length: 4096 }, (_, code) => code).find((code) => !codes.has(code))!;
    const neural = await makeNeural();
    expect(() => neural.decode({ symbols: Uint32Array.of(65, 256 + free) })).toThrowError(
      `code ${free} at position 1 belongs to no phrase`,
    );
  });

  it('that do not fill a window are refused with its position', async () => {
    const neural = await makeNeural({ symbolBits: 4 });
    for (const symbols of [Uint32Array.of(65, 256, 257), Uint32Array.of(65, 256, 257, 66)])
      expect(() => neural.decode({ symbols })).toThrowError(/the window at position 1 has 2 of its 3 symbols/);
  });

  it('with side data that nothing needs are refused', async () => {
    const neural = await makeNeural();
    expect(() => neural.decode({ symbols: Uint32Array.of(65), side: Uint8Array.of(1) })).toThrowError(CompressorError);
  });
});

describe('a document', () => {
  it('that is empty has no symbols', async () => {
    for (const options of [
      {},
      { model: 'any' },
      { segmentation: 'entropy', segmentationModel: await modelDirectory() },
    ]) {
      const neural = await makeNeural(options);
      const encoded = await neural.encode(new Uint8Array());
      expect(encoded.symbols).toHaveLength(0);
      expect(await neural.decode(encoded)).toHaveLength(0);
      expect([...(await neural.segments!(new Uint8Array()))]).toEqual([]);
    }
  });

  it('of 50 MB is encoded and decoded', async () => {
    const neural = await makeNeural();
    const bytes = largeDocument();
    expect(equalBytes(await neural.decode(await neural.encode(bytes)), bytes)).toBe(true);
  });
});

describe('a record field', () => {
  /** 9-bit numbers behind each other, low bits first, as base64: written here once more, by the description. */
  function packed(values: readonly number[]): string {
    let bits = 0n;
    for (const [index, value] of values.entries()) bits |= BigInt(value) << BigInt(9 * index);
    const bytes = Array.from({ length: Math.ceil((9 * values.length) / 8) }, (_, i) =>
      Number((bits >> BigInt(8 * i)) & 255n),
    );
    return Buffer.from(bytes).toString('base64');
  }

  it('whose codes do not fill a window is refused, and read without the rest by lenient', async () => {
    const text = packed([65, 256 + 0xab, 256 + 0xc0, 256 + 0x12, 66]);
    const strict = await makeNeural();
    expect(() => strict.field.read(text)).toThrowError(
      expect.objectContaining({
        code: 'compressor',
        message: expect.stringContaining('the 3 coded bytes at offset 1 do not fill windows of 12 bits') as unknown,
        location: { field: 'm1_ac_ow12' },
      }),
    );
    const lenient = await makeNeural({ lenient: true });
    expect([...lenient.field.read(text).symbols]).toEqual([65, 256 + 0xabc, 66]);
  });
});
