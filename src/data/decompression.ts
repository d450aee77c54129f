import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../support/errors.js';
import type { DataFile } from './data-files.js';

/** Small enough that what one piece expands to stays small too. */
const PIECE_BYTES = 16_384;

/**
 * The bytes of a compressed data file. Stopping the iteration closes the file.
 *
 * @throws DataError if the file cannot be read, is truncated or is damaged
 */
export async function* decompressed(file: DataFile & { format: 'gzip' | 'zstd' }): AsyncGenerator<Uint8Array> {
  try {
    yield* DECOMPRESSORS[file.format](file.path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`the file is not readable as ${file.format}: ${reason(cause)}`, {
      file: file.path,
      hint: 'It may be truncated or damaged: fetch or make it again.',
      cause,
    });
  }
}

const DECOMPRESSORS: Readonly<Record<'gzip' | 'zstd', (path: string) => AsyncGenerator<Uint8Array>>> = {
  gzip: gunzipped,
  zstd: zstdDecoded,
};

async function* gunzipped(path: string): AsyncGenerator<Uint8Array> {
  // pipeline, unlike pipe, hands errors of the source on and closes it when the iteration stops.
  yield* pipeline(createReadStream(path), createGunzip(), () => {});
}

/** By fzstd: Node's own decoder, where there is one, ends after the first frame (docs/decisions/0030). */
async function* zstdDecoded(path: string): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    decoder.push(piece as Uint8Array);
    yield* ready.splice(0);
  }
  decoder.push(new Uint8Array(0), true);
  yield* ready.splice(0);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
