import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { CodebookError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';

/**
 * The frame that codebooks and entropy tables have on disk. Integers are little-endian:
 *
 *     8    magic, in latin-1
 *     4    version of the format
 *     4·k  numbers, as many as files of the kind have in front
 *     4    length of the header
 *     …    header, JSON in UTF-8
 *     …    payload: its length is known from the header and the numbers
 *     32   SHA-256 of all before it
 *
 * So what is no such file is refused by its first bytes, whatever its size, and nothing is allocated by a file's word alone.
 */
export interface Framing<Header> {
  /** What the file is. */
  readonly what: string;
  readonly article: 'a' | 'an';
  /** What names of such files end with. */
  readonly extension: string;
  /** Eight characters of latin-1. */
  readonly magic: string;
  readonly version: number;
  /** k: how many numbers are in front of the header's length. */
  readonly numbers: number;
  readonly header: z.ZodType<Header>;
  payloadBytes(header: Header, numbers: readonly number[]): number;
  /** What to do without such a file, and with a damaged one. */
  readonly hints: { readonly foreign: string; readonly damaged: string };
}

/** What is in a frame. */
export interface Framed<Header> {
  readonly header: Header;
  readonly numbers: readonly number[];
  readonly payload: Uint8Array;
}

const MAGIC_BYTES = 8;
const NUMBER_BYTES = 4;
const CHECKSUM_BYTES = 32;
/** Names, counts and fingerprints of datasets: far less than this. */
const LONGEST_HEADER = 1 << 20;

/** The content of a file, frame and all. */
export function encodeFramed<Header>(
  { magic, version }: Framing<Header>,
  { header, numbers, payload }: Framed<Header>,
): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const front = Buffer.alloc(MAGIC_BYTES + NUMBER_BYTES * (2 + numbers.length));
  front.write(magic, 'latin1');
  let at = MAGIC_BYTES;
  for (const number of [version, ...numbers, json.length]) at = front.writeUInt32LE(number, at);
  const content = Buffer.concat([front, json, payload]);
  return Buffer.concat([content, sha256(content)]);
}

/**
 * What is in the content of a file.
 *
 * @param origin the file, for messages
 * @throws CodebookError that says what is wrong with it
 */
export function decodeFramed<Header>(framing: Framing<Header>, content: Uint8Array, origin: string): Framed<Header> {
  const frame = new Frame(framing, origin, content.length);
  const { numbers, headerEnd } = frame.front(content.subarray(0, frame.frontBytes));
  const header = frame.header(content.subarray(frame.frontBytes, headerEnd));
  const end = frame.payloadEnd(header, numbers, headerEnd);
  if (!sha256(content.subarray(0, end)).equals(content.subarray(end)))
    throw damagedFrame(framing, 'its content does not have the SHA-256 at its end', origin);
  return { header, numbers, payload: content.subarray(headerEnd, end) };
}

/**
 * What is in a file. Its beginning is looked at before the rest is read.
 *
 * @throws CodebookError if it is missing, no file, or anything but a complete one of this kind and version
 */
export async function readFramed<Header>(framing: Framing<Header>, path: string): Promise<Framed<Header>> {
  let file: FileHandle | undefined;
  try {
    const found = await stat(path);
    if (!found.isFile()) throw notAFile(framing, path, found.isDirectory());
    file = await open(path);
    const { size } = await file.stat();
    const frame = new Frame(framing, path, size);
    const { numbers, headerEnd } = frame.front(await bytesAt(file, 0, Math.min(size, frame.frontBytes)));
    const header = frame.header(await bytesAt(file, frame.frontBytes, headerEnd));
    frame.payloadEnd(header, numbers, headerEnd);
    return decodeFramed(framing, await bytesAt(file, 0, size), path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new CodebookError(`the ${framing.what} cannot be read: ${(error as Error).message}`, {
      file: path,
      cause: error,
      hint: framing.hints.foreign,
    });
  } finally {
    await file?.close();
  }
}

/** An error that says that a file of a kind is damaged, and what to do. */
export function damagedFrame(
  { what, hints }: Pick<Framing<unknown>, 'what' | 'hints'>,
  fault: string,
  file: string,
  details: { field?: string; cause?: unknown } = {},
): CodebookError {
  return new CodebookError(`the ${what} is damaged: ${fault}`, { file, ...details, hint: hints.damaged });
}

/** The parts of a frame one after the other, each held against the size that the file has. */
class Frame<Header> {
  readonly frontBytes: number;

  constructor(
    private readonly framing: Framing<Header>,
    private readonly file: string,
    private readonly size: number,
  ) {
    this.frontBytes = MAGIC_BYTES + NUMBER_BYTES * (2 + framing.numbers);
  }

  front(bytes: Uint8Array): { numbers: number[]; headerEnd: number } {
    const { what, magic, version, hints } = this.framing;
    const begins = Buffer.from(bytes.subarray(0, MAGIC_BYTES)).toString('latin1');
    if (begins === '' || !magic.startsWith(begins))
      throw new CodebookError(`this is no ${what}`, { file: this.file, hint: hints.foreign });
    if (bytes.length < this.frontBytes) throw this.endsEarly(this.frontBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset + MAGIC_BYTES);
    const [found, ...numbers] = Array.from({ length: 2 + this.framing.numbers }, (_, index) =>
      view.getUint32(NUMBER_BYTES * index, true),
    );
    if (found! > version)
      throw new CodebookError(`the ${what} is of format version ${found}, newer than ${version}, the newest known`, {
        file: this.file,
        hint: 'Use the version of pc that wrote it, or a newer one.',
      });
    if (found !== version) throw this.damaged(`its format version is ${found}`);
    const headerBytes = numbers.pop()!;
    const headerEnd = this.frontBytes + headerBytes;
    if (headerEnd > this.size) throw this.endsEarly(headerEnd);
    if (headerBytes > LONGEST_HEADER) throw this.damaged(`its header has ${headerBytes} bytes`);
    return { numbers, headerEnd };
  }

  header(bytes: Uint8Array): Header {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(bytes).toString());
    } catch (cause) {
      throw this.damaged('its header is no JSON', { cause });
    }
    const header = this.framing.header.safeParse(value);
    if (header.success) return header.data;
    const { message, path } = header.error.issues[0]!;
    throw this.damaged(`its header is wrong: ${message}`, { field: path.join('.') });
  }

  /** Where the checksum begins. */
  payloadEnd(header: Header, numbers: readonly number[], headerEnd: number): number {
    const end = headerEnd + this.framing.payloadBytes(header, numbers);
    const expected = end + CHECKSUM_BYTES;
    if (this.size < expected) throw this.endsEarly(expected);
    if (this.size > expected) throw this.damaged(`${this.size - expected} bytes follow its end`);
    return end;
  }

  private endsEarly(expected: number): CodebookError {
    return this.damaged(`it ends after ${this.size} of at least ${expected} bytes`);
  }

  private damaged(fault: string, details: { field?: string; cause?: unknown } = {}): CodebookError {
    return damagedFrame(this.framing, fault, this.file, details);
  }
}

function notAFile({ what, article, extension }: Framing<unknown>, path: string, directory: boolean): CodebookError {
  const found = directory ? 'a directory' : 'no file';
  return new CodebookError(`${path} is ${found}, where the file of ${article} ${what} is expected`, {
    file: path,
    hint: `Name the file itself; names of such files end with ${extension}.`,
  });
}

/** The bytes from `start` to `end`, or to where the file ends. */
async function bytesAt(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function sha256(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
