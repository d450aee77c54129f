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
  const name = `m1_ac_ow${windowBits}`;
  const format = { windowBits, symbolBits };
  const numbers = codesInUse === null ? null : compactNumbers(codesInUse, windowBits);
  const symbolsIn = (text: string): Uint32Array => {
    const symbols = readReferenceField(text, format, { lenient });
    return numbers === null ? symbols : numbers.toCompact(symbols);
  };
  return {
    name,
    sideName: 'pc_neural_side',
    write: ({ symbols }) => writeReferenceField(numbers === null ? symbols : numbers.toSparse(symbols), format),
    read(text, storedIn = name) {
      requireWindows(storedIn, windowBits);
      try {
        return { symbols: symbolsIn(text) };
      } catch (cause) {
        if (!(cause instanceof CompressorError)) throw cause;
        throw new CompressorError(cause.message, { field: storedIn, hint: cause.hint, cause });
      }
    },
  };
}

/**
 * The bits of a window are in a field's name, in its first part that begins with `ow`: `m1_ac_ow16`. Codes of windows of
 * another size could be read as well, and would mean nothing.
 */
function requireWindows(field: string, windowBits: number): void {
  const named = field.split('_').find((part) => part.startsWith('ow'));
  const [, bits] = /^ow(\d+)$/.exec(named ?? '') ?? [];
  if (bits === undefined || Number(bits) === windowBits) return;
  throw new CompressorError(
    `the field ${field} has codes of windows of ${bits} bits, and the compressor's have ${windowBits}`,
    {
      field,
      hint: `Choose a codebook of ${bits} bits, or another field by data.codeField.`,
    },
  );
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
        if (number >= 0) return 256 + number;
        throw new CompressorError(`code ${symbol - 256} at position ${position} belongs to no phrase of the codebook`, {
          hint: 'The codes were made with another codebook; sparse codes of it can be read.',
        });
      }),
  };
}
