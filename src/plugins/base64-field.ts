import { decodeBase64, encodeBase64 } from '../support/base64.js';
import { CompressorError } from '../support/errors.js';
import type { Encoded, RecordField } from './contracts.js';

/** A record field that holds codes as base64 of some bytes, given the two functions between codes and bytes. */
export function base64Field(
  name: `pc_${string}`,
  toBytes: (encoded: Encoded) => Uint8Array,
  fromBytes: (bytes: Uint8Array) => Encoded,
): RecordField {
  return {
    name,
    write: (encoded) => encodeBase64(toBytes(encoded)),
    read(text) {
      const bytes = decodeBase64(text);
      if (bytes === undefined)
        throw new CompressorError('the codes are not base64', {
          field: name,
          hint: 'The file was damaged or written by another program; run `pc preprocess` again.',
        });
      return fromBytes(bytes);
    },
  };
}
