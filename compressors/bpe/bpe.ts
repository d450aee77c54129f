import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Segment } from '../../src/plugins/contracts.js';
import { byteConverter } from '../../src/tokenizers/byte-converters.js';
import type { TokenizerOptions } from '../../src/tokenizers/options.js';
import { openTokenCodec } from '../../src/tokenizers/token-codec.js';

/** Token ids as symbols: the reference's `token_plus_byte` (behaviour §2.2). */
export async function createBpe(options: TokenizerOptions): Promise<Compressor> {
  const codec = await openTokenCodec(options, 'bpe');
  // Stored as big-endian numbers of as few bytes as hold every id.
  const stored = byteConverter('simple', codec.tokenizer);
  return {
    alphabetSize: codec.tokenizer.vocabularySize,
    fingerprint: `bpe:${codec.fingerprint}`,
    encode: (bytes) => ({ symbols: codec.encode(bytes) }),
    decode: ({ symbols }) => codec.decode(symbols),
    segments: (bytes) => codec.segments(bytes).map(({ id, ...place }): Segment => ({ symbol: id, ...place })),
    field: base64Field(
      'pc_bpe',
      ({ symbols }) => stored.toBytes(symbols),
      (bytes) => ({ symbols: stored.toIds(bytes) }),
    ),
  };
}
