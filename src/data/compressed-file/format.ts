import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { DOCUMENT_BYTES } from '../text-documents.js';

/**
 * The container that `pc compress` writes. All numbers are little-endian, checksums are CRC-32 (that of gzip).
 *
 *     magic      89 50 43 5A 0D 0A 1A 0A    as PNG's: shows transfers as text
 *     version    u32
 *     length     u32                        of the header
 *     header     JSON, see `FileHeader`
 *     checksum   u32                        of version, length and header
 *     blocks     kind u8, text bytes u32, code bytes u32, checksum of the text u32, of the code u32,
 *                checksum of these 17 bytes u32; then the code
 *     end        kind 0, text bytes u64, blocks u32, SHA-256 of the text, checksum of these 45 bytes u32
 */
export const MAGIC = Buffer.from([0x89, 0x50, 0x43, 0x5a, 0x0d, 0x0a, 0x1a, 0x0a]);
export const FORMAT_VERSION = 1;
export const PREAMBLE_BYTES = MAGIC.length + 8;
export const CHECKSUM_BYTES = 4;
export const BLOCK_HEAD_BYTES = 21;
export const END_BYTES = 49;

/** Bounds what a reader holds, whatever a file claims. */
export const LARGEST_BLOCK = DOCUMENT_BYTES;
export const LARGEST_HEADER = 1 << 20;

export const BLOCK_KINDS = { end: 0, coded: 1, stored: 2 } as const;

export const fileHeaderSchema = z.object({
  /** symbols: codes of a compressor; stream: arithmetic coding under a model of the next byte. */
  coder: z.enum(['symbols', 'stream']),
  /** Name of the compressor; for streams, the model as it was named. */
  compressor: z.string(),
  /** What decoding must have: a compressor or model of the same fingerprint. */
  fingerprint: z.string(),
  /** The compressor's options as they were given. */
  options: z.record(z.string(), z.unknown()),
  /** Name of the file that was compressed, without its folder; null: standard input. */
  name: z.string().nullable(),
});

export type FileHeader = z.infer<typeof fileHeaderSchema>;

export interface BlockHead {
  kind: number;
  textBytes: number;
  codeBytes: number;
  textChecksum: number;
  codeChecksum: number;
}

export interface FileEnd {
  textBytes: number;
  blocks: number;
  sha256: Buffer;
}

export function encodeHeader(header: FileHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(PREAMBLE_BYTES + json.length + CHECKSUM_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(FORMAT_VERSION, MAGIC.length);
  bytes.writeUInt32LE(json.length, MAGIC.length + 4);
  json.copy(bytes, PREAMBLE_BYTES);
  return withChecksum(bytes, MAGIC.length);
}

export function encodeBlockHead({ kind, textBytes, codeBytes, textChecksum, codeChecksum }: BlockHead): Buffer {
  const bytes = Buffer.alloc(BLOCK_HEAD_BYTES);
  bytes.writeUInt8(kind, 0);
  bytes.writeUInt32LE(textBytes, 1);
  bytes.writeUInt32LE(codeBytes, 5);
  bytes.writeUInt32LE(textChecksum, 9);
  bytes.writeUInt32LE(codeChecksum, 13);
  return withChecksum(bytes, 0);
}

export function decodeBlockHead(bytes: Buffer): BlockHead {
  return {
    kind: bytes.readUInt8(0),
    textBytes: bytes.readUInt32LE(1),
    codeBytes: bytes.readUInt32LE(5),
    textChecksum: bytes.readUInt32LE(9),
    codeChecksum: bytes.readUInt32LE(13),
  };
}

export function encodeEnd({ textBytes, blocks, sha256 }: FileEnd): Buffer {
  const bytes = Buffer.alloc(END_BYTES);
  bytes.writeUInt8(BLOCK_KINDS.end, 0);
  bytes.writeBigUInt64LE(BigInt(textBytes), 1);
  bytes.writeUInt32LE(blocks, 9);
  sha256.copy(bytes, 13);
  return withChecksum(bytes, 0);
}

export function decodeEnd(bytes: Buffer): FileEnd {
  return {
    textBytes: Number(bytes.readBigUInt64LE(1)),
    blocks: bytes.readUInt32LE(9),
    sha256: bytes.subarray(13, 45),
  };
}

/** Whether the last four bytes are the checksum of those before. */
export const hasItsChecksum = (bytes: Buffer): boolean =>
  crc32(bytes.subarray(0, -CHECKSUM_BYTES)) === bytes.readUInt32LE(bytes.length - CHECKSUM_BYTES);

function withChecksum(bytes: Buffer, from: number): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(from, -CHECKSUM_BYTES)), bytes.length - CHECKSUM_BYTES);
  return bytes;
}
