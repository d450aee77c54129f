import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError, PcError } from '../support/errors.js';
import type { DataFile } from './data-files.js';

/** Small enough that what one piece expands to stays small too. */
const PIECE_BYTES = 16_384;

/** How a stream of bytes may be compressed. */
export type Compression = 'gzip' | 'zstd';

/**
 * The bytes of a compressed data file. Stopping the iteration closes the file.
 *
 * @throws DataError if the file cannot be read, is truncated or is damaged
 */
export function decompressed({ path, format }: DataFile & { format: Compression }): AsyncGenerator<Uint8Array> {
  return decompressedStream(createReadStream(path, { highWaterMark: READ_BYTES[format] }), format, path);
}

/**
 * What a stream of compressed bytes expands to. Stopping the iteration ends the stream.
 *
 * @param name of the file, for messages
 * @throws DataError if it is truncated or damaged; errors of ours that the stream throws
 */
export async function* decompressedStream(
  compressed: AsyncIterable<Uint8Array>,
  format: Compression,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* DECOMPRESSORS[format](compressed);
  } catch (cause) {
    if (cause instanceof PcError) throw cause;
    throw new DataError(`the file is not readable as ${format}: ${reason(cause)}`, {
      file: name,
      hint: 'It may be truncated or damaged: fetch or make it again.',
      cause,
    });
  }
}

const READ_BYTES: Readonly<Record<Compression, number>> = { gzip: 65_536, zstd: PIECE_BYTES };

const DECOMPRESSORS: Readonly<
  Record<Compression, (compressed: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>>
> = {
  gzip: gunzipped,
  zstd: zstdDecoded,
};

async function* gunzipped(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // pipeline, unlike pipe, hands errors of the source on and closes it when the iteration stops.
  yield* pipeline(compressed, createGunzip(), () => {});
}

/** By fzstd: Node's own decoder, where there is one, ends after the first frame (docs/decisions/0030). */
async function* zstdDecoded(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  for await (const bytes of compressed)
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      decoder.push(bytes.subarray(start, start + PIECE_BYTES));
      yield* ready.splice(0);
    }
  decoder.push(new Uint8Array(0), true);
  yield* ready.splice(0);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
