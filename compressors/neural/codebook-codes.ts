import { DEFAULT_CODEBOOK, resolveCodebook } from '../../src/neural-coding/artifacts.js';
import { readCodebook } from '../../src/neural-coding/codebook-file.js';
import { formatOf } from '../../src/neural-coding/phrase-counts.js';
import { WindowDecoder } from '../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';
import { ConfigError } from '../../src/support/errors.js';
import type { WindowCodes } from './neural.js';
import type { NeuralOptions } from './options.js';

/**
 * Windows of a compiled codebook: no model is asked, and codes are the same on every machine.
 *
 * @throws CodebookError if there is no such codebook or it is damaged; ConfigError if it is of another coder, or windows and
 *   symbols do not fit
 */
export async function codesOfCodebook({
  codebook: name,
  symbolBits,
  codes,
  coder,
}: NeuralOptions): Promise<WindowCodes> {
  const file = resolveCodebook(name ?? DEFAULT_CODEBOOK);
  const codebook = await readCodebook(file);
  if (coder !== null && coder !== codebook.coder)
    throw new ConfigError(`the codebook was made for the coder ${codebook.coder}, not ${coder}`, {
      file,
      field: 'coder',
      hint: 'Leave the option out, or make a codebook by `pc codebook build --coder`.',
    });
  const format = { symbolBits: symbolBits ?? formatOf(codebook).symbolBits, numbering: codes };
  const encoder = new WindowEncoder(codebook, format);
  const decoder = new WindowDecoder(codebook, format, encoder.phrases);
  return {
    alphabetSize: encoder.alphabetSize,
    fingerprint: `${codebook.fingerprint}:${format.symbolBits}:${codes}`,
    windowBits: codebook.windowBits,
    symbolBits: format.symbolBits,
    codesInUse: codes === 'compact' ? Int32Array.from(new Set(encoder.phrases.codes)) : null,
    encode: (documents, ends) => documents.map((bytes, i) => encoder.encode(bytes, ends?.[i])),
    decode: (encoded) => decoder.decode(encoded),
    segments: (encoded) => decoder.segments(encoded),
  };
}
