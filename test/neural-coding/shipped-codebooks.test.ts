import { readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_ENTROPY_TABLE,
  resolveCodebook,
  resolveEntropyTable,
  SHIPPED_CODEBOOKS,
} from '../../src/neural-coding/artifacts.js';
import { encodeCodebook, readCodebook } from '../../src/neural-coding/codebook-file.js';
import { encodeEntropyTable, readEntropyTable } from '../../src/neural-coding/entropy-table-file.js';
import { formatOf } from '../../src/neural-coding/phrase-counts.js';
import { PAPER_SEGMENTATION } from '../../src/neural-coding/segmentation-calibration.js';
import { tableSegmenter } from '../../src/neural-coding/segmentation-table.js';
import { WindowDecoder } from '../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';

describe.each(Object.keys(SHIPPED_CODEBOOKS))('the codebook %s', async (name) => {
  const codebook = await readCodebook(resolveCodebook(name));
  const encoder = new WindowEncoder(codebook, formatOf(codebook));
  const decoder = new WindowDecoder(codebook, formatOf(codebook), encoder.phrases);

  it('has windows of the bits that its name says, with codes of their own', () => {
    expect(`code-${codebook.windowBits}`).toBe(name);
    expect(codebook.coder).toBe('strict');
    expect(statSync(resolveCodebook(name)).size).toBeLessThan(1e6);
  });

  it('is written again byte for byte', () => {
    expect(readFileSync(resolveCodebook(name)).equals(encodeCodebook(codebook))).toBe(true);
  });

  it('needs no literals: every byte has a code, whatever follows it', () => {
    for (let byte = 0; byte < 256; byte++) expect(encoder.parse(Uint8Array.of(byte))[0]).toBeGreaterThanOrEqual(256);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const encoded = encoder.encode(bytes);
        expect(encoded.symbols.every((symbol) => symbol >= 256)).toBe(true);
        expect(decoder.decode(encoded)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it('has windows of several bytes in code', () => {
    const code = Buffer.from('for (let i = 0; i < items.length; i++) {\n  total += items[i];\n}\n');
    expect(encoder.encode(code).symbols.length).toBeLessThan(code.length / 1.5);
  });
});

describe('the table of entropies', () => {
  it('is written again byte for byte', async () => {
    const path = resolveEntropyTable(DEFAULT_ENTROPY_TABLE);
    expect(readFileSync(path).equals(encodeEntropyTable(await readEntropyTable(path)))).toBe(true);
  });

  it('cuts documents as the paper does, in segments of 64 bytes at most', async () => {
    const table = await readEntropyTable(resolveEntropyTable(DEFAULT_ENTROPY_TABLE));
    const code = Buffer.from('def area(width, height):\n    return width * height\n'.repeat(20));
    const [ends] = await tableSegmenter(table, PAPER_SEGMENTATION).segment([code]);
    const lengths = Array.from(ends!, (end, index) => end - (ends![index - 1] ?? 0));
    expect(ends!.at(-1)).toBe(code.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
    expect(lengths.length).toBeGreaterThan(code.length / 64);
  });
});
