/** The byte that ends a line. */
export const LINE_FEED = 0x0a;

/** V8's limit on the length of a string, less what its UTF-8 decoder adds: no longer line can be read as JSON. */
export const LONGEST_LINE = 2 ** 29 - 64;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Whether there is nothing but white space; JSON's own definition of it. */
export function isBlank(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return false;
  }
  return true;
}

/** Some programs begin UTF-8 files with a mark that JSON does not allow. */
export function withoutByteOrderMark(line: Uint8Array): Uint8Array {
  return BYTE_ORDER_MARK.every((byte, i) => line[i] === byte) ? line.subarray(BYTE_ORDER_MARK.length) : line;
}

/**
 * The same bytes, but of a line longer than `longest` only the first `longest` + 1: enough to see that it is too long,
 * however much a small compressed file expands to. Views of the chunks.
 */
export async function* cutLongLines(
  chunks: AsyncIterable<Uint8Array>,
  longest = LONGEST_LINE,
): AsyncGenerator<Uint8Array> {
  /** Bytes of the current line that were handed on. */
  let length = 0;
  for await (const chunk of chunks) {
    if (length + chunk.length <= longest) {
      const lastEnd = chunk.lastIndexOf(LINE_FEED);
      length = lastEnd < 0 ? length + chunk.length : chunk.length - lastEnd - 1;
      yield chunk;
      continue;
    }
    for (let start = 0; start < chunk.length; ) {
      const found = chunk.indexOf(LINE_FEED, start);
      const end = found < 0 ? chunk.length : found;
      const kept = Math.min(end - start, longest + 1 - length);
      if (kept > 0) yield chunk.subarray(start, start + kept);
      if (found >= 0) yield chunk.subarray(found, found + 1);
      length = found < 0 ? length + kept : 0;
      start = end + 1;
    }
  }
}

/**
 * Splits a stream of bytes into lines without their line feeds. A last line that lacks one counts. Lines are views of
 * the chunks where they can be: copy what is kept.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end);
      yield pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(new Uint8Array(chunk.subarray(start)));
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}
