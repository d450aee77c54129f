const LINE_FEED = 0x0a;

/**
 * Bytes of text that are encoded at a time. A longer text is divided: codes of a whole one would not fit in memory, and
 * documents that models train on are far shorter.
 */
export const DOCUMENT_BYTES = 4 << 20;

/**
 * A text as documents of at most `DOCUMENT_BYTES`, divided behind the last line that fits, or else between characters. An
 * empty text is one empty document.
 */
export async function* textDocuments(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit = DOCUMENT_BYTES,
): AsyncGenerator<Uint8Array> {
  const gathered = new Uint8Array(limit);
  let length = 0;
  let given = false;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      if (length === limit) {
        const cut = lastBoundary(gathered);
        yield gathered.slice(0, cut);
        given = true;
        gathered.copyWithin(0, cut, length);
        length -= cut;
      }
      const part = chunk.subarray(taken, taken + limit - length);
      gathered.set(part, length);
      length += part.length;
      taken += part.length;
    }
  }
  if (length > 0 || !given) yield gathered.subarray(0, length);
}

function lastBoundary(bytes: Uint8Array): number {
  const line = bytes.lastIndexOf(LINE_FEED) + 1;
  return line > 0 ? line : lastCharacterStart(bytes);
}

/** Where the last character of UTF-8 begins, which may be incomplete; the end, where none begins near it. */
function lastCharacterStart(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > bytes.length - 4 && at > 0; at--) if ((bytes[at]! & 0xc0) !== 0x80) return at;
  return bytes.length;
}
