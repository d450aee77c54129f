import { maskedCrc32c } from './crc32c.js';

/**
 * One record of a TFRecord file: the length as 64 bits little-endian, its masked CRC-32C, the data, their masked
 * CRC-32C.
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(8 + 4 + data.byteLength + 4);
  record.writeBigUInt64LE(BigInt(data.byteLength), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.byteLength);
  return record;
}
