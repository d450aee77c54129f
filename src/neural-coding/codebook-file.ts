import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../support/atomic-files.js';
import { CodebookError } from '../support/errors.js';
import { refuseToOverwrite, systemErrorCode } from '../support/output-failures.js';
import { VarintReader, VarintWriter } from '../support/varints.js';
import { CODEBOOK_SOURCES, type Codebook } from './codebook.js';
import { codebookFault } from './codebook-checks.js';
import { COMPILED_WINDOWS, FREQUENCY_BITS, INTERVAL_BITS, LONGEST_PHRASE, WINDOW_CODERS } from './parameters.js';

/**
 * Codebooks on disk. Integers are little-endian:
 *
 *     8   "PCCODEBK"
 *     4   version of the format
 *     4   length of the header
 *     …   header, JSON (`headerSchema`)
 *     n   byte on the edge into each node, in preorder
 *     …   number of children of each node, as varints
 *     …   code of each node, as varints: 0 for none, else 1 + the difference from the last code, folded (0, −1, 1, −2 …)
 *     32  SHA-256 of all before it
 *
 * Symbols of N bits are a choice of whoever encodes, and not in the file.
 */
const MAGIC = Buffer.from('PCCODEBK', 'latin1');
const VERSION = 1;
const PREAMBLE_BYTES = MAGIC.length + 8;
const CHECKSUM_BYTES = 32;

const count = z.int().nonnegative();

const headerSchema = z.strictObject({
  coder: z.enum(WINDOW_CODERS),
  windowBits: z.literal([...COMPILED_WINDOWS]),
  frequencyBits: z.literal(FREQUENCY_BITS),
  intervalBits: z.literal(INTERVAL_BITS),
  longestPhrase: z.literal(LONGEST_PHRASE),
  nodes: count,
  childCountBytes: count,
  codeBytes: count,
  provenance: z.strictObject({ source: z.enum(CODEBOOK_SOURCES), modelFingerprint: z.string(), corpus: z.string() }),
});

type Header = z.infer<typeof headerSchema>;
type CodebookContent = Omit<Codebook, 'fingerprint' | 'provenance'>;

/** SHA-256 of the parameters, the trie and the codes, which together determine every encoding. */
export function fingerprintOf(codebook: CodebookContent): string {
  const { childCounts, codes } = columns(codebook);
  return fingerprint(codebook, childCounts, codes);
}

function fingerprint(
  { coder, windowBits, bytes }: CodebookContent,
  childCounts: Uint8Array,
  codes: Uint8Array,
): string {
  const parameters = { VERSION, coder, windowBits, FREQUENCY_BITS, INTERVAL_BITS, LONGEST_PHRASE, nodes: bytes.length };
  const hash = createHash('sha256').update(JSON.stringify(parameters));
  return hash.update(bytes).update(childCounts).update(codes).digest('hex');
}

/** The content of a codebook's file. */
export function encodeCodebook(codebook: Codebook): Uint8Array {
  const { coder, windowBits, bytes, provenance } = codebook;
  const { childCounts, codes } = columns(codebook);
  const header: Header = {
    coder,
    windowBits: headerSchema.shape.windowBits.parse(windowBits),
    frequencyBits: FREQUENCY_BITS,
    intervalBits: INTERVAL_BITS,
    longestPhrase: LONGEST_PHRASE,
    nodes: bytes.length,
    childCountBytes: childCounts.length,
    codeBytes: codes.length,
    provenance,
  };
  const json = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(VERSION, 0);
  lengths.writeUInt32LE(json.length, 4);
  const content = Buffer.concat([MAGIC, lengths, json, bytes, childCounts, codes]);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

function columns({ childCounts, codes }: CodebookContent): { childCounts: Uint8Array; codes: Uint8Array } {
  const counts = new VarintWriter();
  for (const children of childCounts) counts.push(children);
  const differences = new VarintWriter();
  let last = 0;
  for (const code of codes) {
    if (code === -1) differences.push(0);
    else {
      differences.push(1 + folded(code - last));
      last = code;
    }
  }
  return { childCounts: counts.take(), codes: differences.take() };
}

function folded(difference: number): number {
  return difference >= 0 ? 2 * difference : -2 * difference - 1;
}

function unfolded(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * Writes a codebook's file, complete or not at all.
 *
 * @throws OutputError if it cannot be written, or exists and `replace` is not set
 */
export async function writeCodebook(path: string, codebook: Codebook, { replace = false } = {}): Promise<void> {
  await refuseToOverwrite(path, replace);
  await writeFileAtomic(path, encodeCodebook(codebook));
}

/**
 * Reads a codebook's file. Its beginning is looked at before the rest is: what is no codebook is refused whatever its size.
 *
 * @throws CodebookError if it cannot be read, or is anything but a complete codebook of this version
 */
export async function readCodebook(path: string): Promise<Codebook> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const preamble = await exactly(file, Math.min(size, PREAMBLE_BYTES), 0);
    const headerEnd = PREAMBLE_BYTES + checkPreamble(preamble, size, path);
    const start = await exactly(file, headerEnd, 0);
    checkSize(readHeader(start, path), headerEnd, size, path);
    return decodeCodebook(await exactly(file, size, 0), path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new CodebookError(`Cannot read the codebook: ${(error as Error).message}`, { file: path, cause: error });
  } finally {
    await file?.close();
  }
}

async function exactly(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/**
 * A codebook from the content of its file.
 *
 * @param origin the file, for messages
 * @throws CodebookError that says what is wrong
 */
export function decodeCodebook(content: Uint8Array, origin: string): Codebook {
  const headerEnd = PREAMBLE_BYTES + checkPreamble(content, content.length, origin);
  const header = readHeader(content.subarray(0, headerEnd), origin);
  checkSize(header, headerEnd, content.length, origin);
  checkChecksum(content, origin);
  const { coder, windowBits, nodes, childCountBytes, codeBytes, provenance } = header;
  const countsAt = headerEnd + nodes;
  const codesAt = countsAt + childCountBytes;
  const bytes = new Uint8Array(content.subarray(headerEnd, countsAt));
  const childCountColumn = content.subarray(countsAt, codesAt);
  const codeColumn = content.subarray(codesAt, codesAt + codeBytes);
  const childCounts = readChildCounts(childCountColumn, nodes, origin);
  const codes = readCodes(codeColumn, nodes, 2 ** windowBits, origin);
  const codebook = { coder, windowBits, bytes, childCounts, codes };
  const fault = codebookFault(codebook);
  if (fault !== null) throw damaged(fault, origin);
  return { ...codebook, fingerprint: fingerprint(codebook, childCountColumn, codeColumn), provenance };
}

/** @returns the length of the header */
function checkPreamble(start: Uint8Array, size: number, file: string): number {
  const magic = start.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, magic.length).equals(magic) || size === 0) {
    throw new CodebookError('This is not a codebook', { file, hint: 'Make one with `pc codebook build`.' });
  }
  if (start.length < PREAMBLE_BYTES) throw truncated(size, PREAMBLE_BYTES, file);
  const numbers = new DataView(start.buffer, start.byteOffset + MAGIC.length, 8);
  const version = numbers.getUint32(0, true);
  if (version > VERSION) {
    throw new CodebookError(`The codebook is of format version ${version}, newer than ${VERSION}, the newest known`, {
      file,
      hint: 'Use the version of pc that wrote it, or a newer one.',
    });
  }
  if (version !== VERSION) throw damaged(`its format version is ${version}`, file);
  const length = numbers.getUint32(4, true);
  if (PREAMBLE_BYTES + length > size) throw truncated(size, PREAMBLE_BYTES + length, file);
  return length;
}

function readHeader(start: Uint8Array, file: string): Header {
  const json = Buffer.from(start.buffer, start.byteOffset + PREAMBLE_BYTES, start.length - PREAMBLE_BYTES);
  let value: unknown;
  try {
    value = JSON.parse(json.toString());
  } catch (cause) {
    throw damaged('its header is no JSON', file, { cause });
  }
  const header = headerSchema.safeParse(value);
  if (header.success) return header.data;
  const issue = header.error.issues[0]!;
  throw damaged(`its header is wrong: ${issue.message}`, file, { field: issue.path.join('.') });
}

/** Nothing is allocated by the header's word alone: its numbers must add up to the size that the file has. */
function checkSize({ nodes, childCountBytes, codeBytes }: Header, headerEnd: number, size: number, file: string): void {
  const expected = headerEnd + nodes + childCountBytes + codeBytes + CHECKSUM_BYTES;
  if (size < expected) throw truncated(size, expected, file);
  if (size > expected) throw damaged(`${size - expected} bytes follow its end`, file);
  if (childCountBytes < nodes || codeBytes < nodes) throw damaged('its columns are too short for its nodes', file);
}

function checkChecksum(content: Uint8Array, file: string): void {
  const end = content.length - CHECKSUM_BYTES;
  const checksum = createHash('sha256').update(content.subarray(0, end)).digest();
  if (!checksum.equals(content.subarray(end))) throw damaged('its content does not have the SHA-256 at its end', file);
}

function readChildCounts(column: Uint8Array, nodes: number, file: string): Uint16Array {
  const reader = new VarintReader(column);
  const childCounts = new Uint16Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const children = reader.next();
    if (children === undefined || children > 256) throw damaged(`node ${node} has no number of children`, file);
    childCounts[node] = children;
  }
  if (!reader.finished) throw damaged('it has more numbers of children than nodes', file);
  return childCounts;
}

function readCodes(column: Uint8Array, nodes: number, end: number, file: string): Int32Array {
  const reader = new VarintReader(column);
  const codes = new Int32Array(nodes);
  let last = 0;
  for (let node = 0; node < nodes; node++) {
    const value = reader.next();
    const code = value === undefined || value === 0 ? -1 : last + unfolded(value - 1);
    if (value === undefined || (value > 0 && (code < 0 || code >= end))) {
      throw damaged(`the code of node ${node} is not below ${end}`, file);
    }
    codes[node] = code;
    if (value > 0) last = code;
  }
  if (!reader.finished) throw damaged('it has more codes than nodes', file);
  return codes;
}

function truncated(size: number, expected: number, file: string): CodebookError {
  return damaged(`it ends after ${size} of at least ${expected} bytes`, file);
}

function damaged(what: string, file: string, details: { field?: string; cause?: unknown } = {}): CodebookError {
  return new CodebookError(`The codebook is damaged: ${what}`, {
    file,
    ...details,
    hint: 'Fetch it again, or rebuild it with `pc codebook build`.',
  });
}
