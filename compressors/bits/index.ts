import { z } from 'zod';
import type { CompressorDefinition } from '../../src/plugins/contracts.js';

const noOptions = z.strictObject({});

/** Fewer bits a symbol than a byte: longer sequences over a smaller alphabet, as a control for real compression. */
const SUB_BYTE = [
  { name: 'bit', bits: 1, summary: 'one symbol a bit, most significant first' },
  { name: 'doublebit', bits: 2, summary: 'one symbol for two bits, most significant first' },
  { name: 'halfbyte', bits: 4, summary: 'one symbol for four bits, most significant first' },
] as const;

export const bitCompressors: readonly CompressorDefinition[] = [
  ...SUB_BYTE.map(({ name, bits, summary }) => ({
    name,
    summary,
    options: noOptions,
    async create() {
      const { createSubByte } = await import('./sub-byte.js');
      return createSubByte(name, bits);
    },
  })),
  {
    name: 'doublebyte',
    summary: 'one symbol for two bytes, big-endian; an odd last byte is the high half of its symbol',
    options: noOptions,
    async create() {
      const { createDoubleByte } = await import('./double-byte.js');
      return createDoubleByte();
    },
  },
];
