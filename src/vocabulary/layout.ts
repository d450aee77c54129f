/**
 * The id layout (behaviour §2.1, architecture §6):
 *
 *     0 … 63      specials
 *     64 … 319    raw bytes: byte b has id 64 + b
 *     64 …        compressed symbols, sharing the embeddings of raw bytes, or
 *     320 …       compressed symbols with separate embeddings
 */
export const SPECIAL_COUNT = 64;
export const BYTE_COUNT = 256;

export const PAD = 0;
export const BOS = 1;
export const EOS = 2;
export const UNKNOWN = 3;
export const SEPARATOR = 4;
export const RAW_START = 12;
export const RAW_END = 13;
export const COMPRESSED_START = 14;
export const COMPRESSED_END = 15;

/** Id of byte 0. */
export const RAW_OFFSET = SPECIAL_COUNT;
/** One more than the id of byte 255: the size of the raw vocabulary, and where separate symbols begin. */
export const RAW_LIMIT = RAW_OFFSET + BYTE_COUNT;
