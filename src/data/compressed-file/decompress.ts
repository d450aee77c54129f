import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { CompressorError, DataError } from '../../support/errors.js';
import type { BlockCodec } from './block-codec.js';
import { ByteReader } from './byte-reader.js';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KINDS,
  type BlockHead,
  CHECKSUM_BYTES,
  decodeBlockHead,
  decodeEnd,
  END_BYTES,
  type FileHeader,
  FORMAT_VERSION,
  fileHeaderSchema,
  hasItsChecksum,
  LARGEST_BLOCK,
  LARGEST_HEADER,
  MAGIC,
  PREAMBLE_BYTES,
} from './format.js';

export interface DecompressionTotals {
  textBytes: number;
  fileBytes: number;
  blocks: number;
}

/** A compressed file whose header has been read. */
export interface OpenedFile {
  header: FileHeader;
  /**
   * The text, one block at a time; its value at the end are the totals.
   *
   * @param codec of the header's fingerprint
   * @throws DataError if the file is damaged or cut short, naming the offset; the signal's reason when it is aborted
   */
  text(
    codec: BlockCodec,
    signal?: AbortSignal,
    progress?: (totals: Readonly<DecompressionTotals>) => void,
  ): AsyncGenerator<Uint8Array, DecompressionTotals>;
}

/**
 * Reads the header of a compressed file.
 *
 * @param origin of the bytes, for errors
 * @throws DataError if it is none of ours, damaged, or of a later version
 */
export async function openCompressed(chunks: AsyncIterable<Uint8Array>, origin: string): Promise<OpenedFile> {
  const reader = new ByteReader(chunks, origin);
  try {
    const header = await readHeader(reader);
    return { header, text: (codec, signal, progress) => textOf(reader, codec, signal, progress) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function readHeader(reader: ByteReader): Promise<FileHeader> {
  const magic = await reader.upTo(MAGIC.length);
  if (!magic.equals(MAGIC))
    throw new DataError('this is no file of `pc compress`', {
      file: reader.origin,
      hint: magic[0] === 0x1f && magic[1] === 0x8b ? 'It looks like gzip: use `gunzip`.' : 'Check the path.',
    });
  const preamble = await reader.read(PREAMBLE_BYTES - MAGIC.length, 'the header');
  const version = preamble.readUInt32LE(0);
  if (version > FORMAT_VERSION)
    throw new DataError(`its format is version ${version}, and this pc reads up to ${FORMAT_VERSION}`, {
      file: reader.origin,
      hint: 'Update pc.',
    });
  const length = preamble.readUInt32LE(4);
  if (version === 0 || length > LARGEST_HEADER) throw reader.damaged('the header', MAGIC.length);
  const rest = await reader.read(length + CHECKSUM_BYTES, 'the header');
  if (!hasItsChecksum(Buffer.concat([preamble, rest]))) throw reader.damaged('the header', MAGIC.length);
  const header = headerFrom(rest.subarray(0, length));
  if (header === null) throw reader.damaged('the header', PREAMBLE_BYTES);
  return header;
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
});

function headerFrom(json: Buffer): FileHeader | null {
  return jsonText.pipe(fileHeaderSchema).safeParse(json.toString()).data ?? null;
}

async function* textOf(
  reader: ByteReader,
  codec: BlockCodec,
  signal?: AbortSignal,
  progress?: (totals: Readonly<DecompressionTotals>) => void,
): AsyncGenerator<Uint8Array, DecompressionTotals> {
  const sha256 = createHash('sha256');
  const totals: DecompressionTotals = { textBytes: 0, fileBytes: reader.offset, blocks: 0 };
  try {
    for (;;) {
      signal?.throwIfAborted();
      const at = reader.offset;
      const what = `block ${totals.blocks + 1}`;
      const first = await reader.read(BLOCK_HEAD_BYTES, what);
      if (first[0] === BLOCK_KINDS.end) {
        const end = Buffer.concat([first, await reader.read(END_BYTES - BLOCK_HEAD_BYTES, 'the end')]);
        await checkEnd(reader, end, at, totals, sha256.digest());
        return { ...totals, fileBytes: reader.offset };
      }
      const head = decodeBlockHead(first);
      if (!hasItsChecksum(first) || !isPossible(head)) throw reader.damaged(what, at);
      const content = await reader.read(head.codeBytes, what);
      if (crc32(content) !== head.codeChecksum) throw reader.damaged(what, at);
      const text = head.kind === BLOCK_KINDS.stored ? content : await decoded(codec, content, head, reader, at, what);
      if (text.length !== head.textBytes || crc32(text) !== head.textChecksum)
        throw new DataError(`${what} at byte ${at} decodes to another text than was compressed`, {
          file: reader.origin,
          hint: `The codes are as they were written, so the compressor (${codec.fingerprint}) does not give back its input. Report it.`,
        });
      sha256.update(text);
      totals.blocks++;
      totals.textBytes += text.length;
      totals.fileBytes = reader.offset;
      yield text;
      progress?.(totals);
    }
  } finally {
    await reader.close();
  }
}

function isPossible({ kind, textBytes, codeBytes }: BlockHead): boolean {
  if (textBytes === 0 || textBytes > LARGEST_BLOCK) return false;
  if (kind === BLOCK_KINDS.stored) return codeBytes === textBytes;
  return kind === BLOCK_KINDS.coded && codeBytes < textBytes;
}

async function decoded(
  codec: BlockCodec,
  code: Buffer,
  { textBytes }: BlockHead,
  reader: ByteReader,
  at: number,
  what: string,
): Promise<Uint8Array> {
  try {
    return await codec.decode(code, textBytes);
  } catch (error) {
    if (!(error instanceof CompressorError)) throw error;
    throw new DataError(`${what} at byte ${at} cannot be decoded: ${error.message}`, {
      file: reader.origin,
      hint: 'The file was damaged, or written by something else.',
      cause: error,
    });
  }
}

async function checkEnd(
  reader: ByteReader,
  bytes: Buffer,
  at: number,
  { textBytes, blocks }: DecompressionTotals,
  sha256: Buffer,
): Promise<void> {
  if (!hasItsChecksum(bytes)) throw reader.damaged('the end', at);
  const end = decodeEnd(bytes);
  if (end.blocks !== blocks || end.textBytes !== textBytes || !end.sha256.equals(sha256))
    throw new DataError(`it has ${blocks} of ${end.blocks} blocks, or not those that were written`, {
      file: reader.origin,
      hint: 'Blocks are missing or out of order: get the file again.',
    });
  if ((await reader.upTo(1)).length > 0)
    throw new DataError(`something follows the end at byte ${at + END_BYTES}`, {
      file: reader.origin,
      hint: 'Two files joined together cannot be read; decompress them one by one.',
    });
}
