import { createHash } from 'node:crypto';
import { z } from 'zod';
import { writeFileAtomic } from '../support/atomic-files.js';
import type { CodebookError } from '../support/errors.js';
import { refuseToOverwrite } from '../support/output-failures.js';
import { VarintReader, VarintWriter } from '../support/varints.js';
import { CODEBOOK_EXTENSION } from './artifacts.js';
import { CODEBOOK_SOURCES, type Codebook } from './codebook.js';
import { codebookFault } from './codebook-checks.js';
import { damagedFrame, decodeFramed, encodeFramed, type Framed, type Framing, readFramed } from './framed-file.js';
import { COMPILED_WINDOWS, FREQUENCY_BITS, INTERVAL_BITS, LONGEST_PHRASE, WINDOW_CODERS } from './parameters.js';

/**
 * Codebooks on disk: a frame (`framed-file.ts`) without numbers in front, and in it
 *
 *     n   byte on the edge into each node, in preorder
 *     …   number of children of each node, as varints
 *     …   code of each node, as varints: 0 for none, else 1 + the difference from the last code, folded (0, −1, 1, −2 …)
 *
 * Symbols of N bits are a choice of whoever encodes, and not in the file.
 */
const VERSION = 1;

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

const FRAMING: Framing<Header> = {
  what: 'codebook',
  article: 'a',
  extension: CODEBOOK_EXTENSION,
  magic: 'PCCODEBK',
  version: VERSION,
  numbers: 0,
  header: headerSchema,
  payloadBytes: ({ nodes, childCountBytes, codeBytes }) => nodes + childCountBytes + codeBytes,
  hints: {
    foreign: 'Make one with `pc codebook build`.',
    damaged: 'Fetch it again, or rebuild it with `pc codebook build`.',
  },
};

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
  return encodeFramed(FRAMING, { header, numbers: [], payload: Buffer.concat([bytes, childCounts, codes]) });
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

/** @throws CodebookError if it cannot be read, or is anything but a complete codebook of this version */
export async function readCodebook(path: string): Promise<Codebook> {
  return codebookIn(await readFramed(FRAMING, path), path);
}

/**
 * A codebook from the content of its file.
 *
 * @param origin the file, for messages
 * @throws CodebookError that says what is wrong
 */
export function decodeCodebook(content: Uint8Array, origin: string): Codebook {
  return codebookIn(decodeFramed(FRAMING, content, origin), origin);
}

function codebookIn({ header, payload }: Framed<Header>, origin: string): Codebook {
  const { coder, windowBits, nodes, childCountBytes, codeBytes, provenance } = header;
  if (childCountBytes < nodes || codeBytes < nodes) throw damaged('its columns are too short for its nodes', origin);
  const bytes = new Uint8Array(payload.subarray(0, nodes));
  const childCountColumn = payload.subarray(nodes, nodes + childCountBytes);
  const codeColumn = payload.subarray(nodes + childCountBytes);
  const childCounts = readChildCounts(childCountColumn, nodes, origin);
  const codes = readCodes(codeColumn, nodes, 2 ** windowBits, origin);
  const codebook = { coder, windowBits, bytes, childCounts, codes };
  const fault = codebookFault(codebook);
  if (fault !== null) throw damaged(fault, origin);
  return { ...codebook, fingerprint: fingerprint(codebook, childCountColumn, codeColumn), provenance };
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

function damaged(fault: string, file: string): CodebookError {
  return damagedFrame(FRAMING, fault, file);
}
