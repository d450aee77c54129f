import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { CompressorError } from '../../support/errors.js';
import { textDocuments } from '../text-documents.js';
import type { BlockCodec } from './block-codec.js';
import { BLOCK_KINDS, encodeBlockHead, encodeEnd, encodeHeader, type FileHeader } from './format.js';

/** What compressing came to. */
export interface CompressionTotals {
  textBytes: number;
  /** Of the whole file: header, codes, checksums. */
  fileBytes: number;
  blocks: number;
  /** Blocks that are in the file as they are, because no code of theirs is shorter. */
  stored: number;
  /** Those among them that the compressor cannot represent. */
  refused: number;
}

export interface CompressionRequest {
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  codec: BlockCodec;
  header: Omit<FileHeader, 'fingerprint'>;
  signal?: AbortSignal;
  /** Called after every block. */
  progress?: (totals: Readonly<CompressionTotals>) => void;
}

/**
 * The bytes of a compressed file, one block at a time; its value at the end are the totals.
 *
 * @throws the signal's reason when it is aborted; PluginError if the compressor fails
 */
export async function* compressed(request: CompressionRequest): AsyncGenerator<Uint8Array, CompressionTotals> {
  const { chunks, codec, header, signal, progress } = request;
  const totals: CompressionTotals = { textBytes: 0, fileBytes: 0, blocks: 0, stored: 0, refused: 0 };
  const sha256 = createHash('sha256');
  const counted = (bytes: Uint8Array): Uint8Array => {
    totals.fileBytes += bytes.length;
    return bytes;
  };
  yield counted(encodeHeader({ ...header, fingerprint: codec.fingerprint }));
  for await (const text of textDocuments(chunks, codec.blockBytes)) {
    signal?.throwIfAborted();
    if (text.length === 0) continue;
    sha256.update(text);
    const code = await shorterCode(codec, text);
    totals.blocks++;
    totals.textBytes += text.length;
    if (typeof code === 'string') totals.stored++;
    if (code === 'refused') totals.refused++;
    const kind = typeof code === 'string' ? BLOCK_KINDS.stored : BLOCK_KINDS.coded;
    const content = typeof code === 'string' ? text : code;
    yield counted(
      encodeBlockHead({
        kind,
        textBytes: text.length,
        codeBytes: content.length,
        textChecksum: crc32(text),
        codeChecksum: crc32(content),
      }),
    );
    yield counted(content);
    progress?.(totals);
  }
  yield counted(encodeEnd({ textBytes: totals.textBytes, blocks: totals.blocks, sha256: sha256.digest() }));
  return totals;
}

/** The code of a block, or why the block is stored instead. */
async function shorterCode(codec: BlockCodec, text: Uint8Array): Promise<Uint8Array | 'no shorter' | 'refused'> {
  try {
    const code = await codec.encode(text);
    return code.length < text.length ? code : 'no shorter';
  } catch (error) {
    if (error instanceof CompressorError) return 'refused';
    throw error;
  }
}
