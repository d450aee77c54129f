import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../src/training/logging/crc32c.js';
import { ProtobufMessage } from '../../../src/training/logging/protobuf-message.js';
import { openTensorBoard } from '../../../src/training/logging/tensorboard.js';
import { tfRecord } from '../../../src/training/logging/tfrecord.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const GOLDEN = fileURLToPath(new URL('../../fixtures/tensorboard/golden.tfevents', import.meta.url));

describe('CRC-32C', () => {
  it.each([
    [Buffer.from('123456789'), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('agrees with the examples of RFC 3720', (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('can be unmasked', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const rotated = (maskedCrc32c(bytes) - 0xa282ead8) >>> 0;
        expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(crc32c(bytes));
      }),
    );
  });
});

describe('protocol-buffer messages', () => {
  it('write the examples of the format’s documentation', () => {
    expect(Buffer.from(new ProtobufMessage().integer(1, 150).bytes()).toString('hex')).toBe('089601');
    expect(Buffer.from(new ProtobufMessage().text(2, 'testing').bytes()).toString('hex')).toBe('120774657374696e67');
  });

  it('write whole numbers of more than 32 bits', () => {
    const bytes = new ProtobufMessage().integer(2, 2 ** 40 + 1).bytes();
    const value = [...bytes.subarray(1)].reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
    expect(value).toBe(2 ** 40 + 1);
  });
});

describe('a TensorBoard event file', () => {
  /** The bytes of the only event file in a directory. */
  const content = (directory: string): Buffer => readFileSync(join(directory, readdirSync(directory)[0]!));
  const clock = () => 1_700_000_000_500;

  it('is that which TensorBoard and tbparse have read', async () => {
    const directory = temporaryDirectory();
    const logger = await openTensorBoard(directory, 4, clock);
    await logger.log(10, { loss: 2.5, learning_rate: 9e-4 });
    await logger.log(300, { validation_bits_per_byte: 1.25 });
    await logger.close();
    expect(readdirSync(directory)[0]).toMatch(/^events\.out\.tfevents\.1700000000\./);
    expect(content(directory)).toEqual(readFileSync(GOLDEN));
  });

  it('frames each record by its length and checksums', () => {
    const record = Buffer.from(tfRecord(Buffer.from('abc')));
    expect(record.readBigUInt64LE(0)).toBe(3n);
    expect(record.readUInt32LE(8)).toBe(maskedCrc32c(record.subarray(0, 8)));
    expect(record.subarray(12, 15).toString()).toBe('abc');
    expect(record.readUInt32LE(15)).toBe(maskedCrc32c(Buffer.from('abc')));
    expect(record).toHaveLength(19);
  });
});
