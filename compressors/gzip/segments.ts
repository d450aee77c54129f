import { Inflate, Z_SYNC_FLUSH } from 'pako';
import type { Segment } from '../../src/plugins/contracts.js';

/** Bytes of output that are handed over at a time; one byte of input rarely completes more. */
const OUTPUT_CHUNK = 1024;

/**
 * For each byte of a gzip member the bytes of text that an inflater writes on reading it, and could not write before.
 * Codes end anywhere within a byte: one byte may end several literals and matches, or none, as those of the header,
 * of the tables of codes and of the checksum do.
 */
export function* gzipSegments(member: Uint8Array): Iterable<Segment> {
  const inflate = new Inflate({ chunkSize: OUTPUT_CHUNK });
  let written = 0;
  inflate.onData = ({ length }) => {
    written += length;
  };
  for (const [index, symbol] of member.entries()) {
    const byteStart = written;
    inflate.push(member.subarray(index, index + 1), Z_SYNC_FLUSH);
    yield { symbol, byteStart, byteEnd: written };
  }
}
