import { readReferenceField, writeReferenceField } from '../../src/neural-coding/reference-field.js';
import type { RecordField } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';
import type { WindowCodes } from './neural.js';
import type { NeuralOptions } from './options.js';

/** Codes in the field of the published pipeline, which its own loader reads; side data in a field of ours. */
export function codeField(
  { windowBits, symbolBits, codesInUse }: Pick<WindowCodes, 'windowBits' | 'symbolBits' | 'codesInUse'>,
  { lenient }: Pick<NeuralOptions, 'lenient'>,
): RecordField {
  const format = { windowBits, symbolBits };
  const numbers = codesInUse === null ? null : compactNumbers(codesInUse, windowBits);
  return {
    name: `m1_ac_ow${windowBits}`,
    sideName: 'pc_neural_side',
    write: ({ symbols }) => writeReferenceField(numbers === null ? symbols : numbers.toSparse(symbols), format),
    read(text) {
      const symbols = readReferenceField(text, format, { lenient });
      return { symbols: numbers === null ? symbols : numbers.toCompact(symbols) };
    },
  };
}

/** Records hold codes by their own numbers, whatever numbers a model is given. */
function compactNumbers(codesInUse: Int32Array, windowBits: number) {
  const numberOf = new Int32Array(2 ** windowBits).fill(-1);
  for (const [number, code] of codesInUse.entries()) numberOf[code] = number;
  return {
    toSparse: (symbols: Uint32Array): Uint32Array =>
      symbols.map((symbol) => (symbol < 256 ? symbol : 256 + codesInUse[symbol - 256]!)),
    toCompact: (symbols: Uint32Array): Uint32Array =>
      symbols.map((symbol, position) => {
        if (symbol < 256) return symbol;
        const number = numberOf[symbol - 256]!;
        if (number < 0)
          throw new CompressorError(
            `code ${symbol - 256} at position ${position} belongs to no phrase of the codebook`,
            {
              hint: 'The codes were made with another codebook; sparse codes of it can be read.',
            },
          );
        return 256 + number;
      }),
  };
}
