import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../support/atomic-files.js';
import { CodebookError } from '../support/errors.js';
import {
  type ContextTrie,
  type EntropyTable,
  type EntropyTableProvenance,
  LONGEST_CONTEXT,
  MOST_CONTEXTS,
} from './entropy-table.js';
import { type EntropyQuantiles, QUANTILE_STEPS } from './segmentation-calibration.js';
import { GREATEST_ENTROPY } from './segmentation-rule.js';
import { trieFault } from './trie-links.js';

/**
 * The file of an entropy table, all numbers little-endian:
 *
 *     8 bytes    "pcentrop"
 *     u32        version, 1
 *     u32        n, contexts
 *     u32        p, bytes of the provenance
 *     p bytes    provenance, JSON in UTF-8
 *     999 × u16  quantiles of h_t, units of 1/4096 bit
 *     999 × i32  quantiles of h_t − h_{t−1}
 *     n × u8     bytes on the edges, preorder
 *     n × u16    children
 *     n × u16    entropies, units of 1/4096 bit
 *     32 bytes   SHA-256 of all before
 */
const MAGIC = 'pcentrop';
const VERSION = 1;
const HEADER_BYTES = 20;
const CHECKSUM_BYTES = 32;
const QUANTILES = QUANTILE_STEPS - 1;
const QUANTILE_BYTES = QUANTILES * 6;
const CONTEXT_BYTES = 5;
const MOST_PROVENANCE_BYTES = 1 << 16;

/** A table of what was counted; its fingerprint covers all that determines boundaries. */
export function makeEntropyTable(
  trie: ContextTrie,
  quantiles: EntropyQuantiles,
  provenance: EntropyTableProvenance,
): EntropyTable {
  const fingerprint = createHash('sha256').update(MAGIC).update(bodyOf(trie, quantiles)).digest('hex');
  return { ...trie, quantiles, provenance, fingerprint };
}

/** @throws OutputError if it cannot be written; an old file then stays */
export async function writeEntropyTable(path: string, table: EntropyTable): Promise<void> {
  await writeFileAtomic(path, encodeEntropyTable(table));
}

/** @throws CodebookError, with the file's name, for one that is missing, damaged, foreign or of a newer version */
export async function readEntropyTable(path: string): Promise<EntropyTable> {
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (cause) {
    throw new CodebookError('the entropy table cannot be read', {
      file: path,
      cause,
      hint: `Make one with \`pc codebook segmentation DATA -o ${path}\`.`,
    });
  }
  return decodeEntropyTable(content, path);
}

export function encodeEntropyTable(table: EntropyTable): Uint8Array {
  const provenance = Buffer.from(JSON.stringify(table.provenance));
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(table.bytes.length, 12);
  header.writeUInt32LE(provenance.length, 16);
  const content = Buffer.concat([header, provenance, bodyOf(table, table.quantiles)]);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

function bodyOf({ bytes, childCounts, entropies }: ContextTrie, { levels, jumps }: EntropyQuantiles): Buffer {
  const body = Buffer.alloc(QUANTILE_BYTES + bytes.length * CONTEXT_BYTES);
  let at = 0;
  for (const level of levels) at = body.writeUInt16LE(level, at);
  for (const jump of jumps) at = body.writeInt32LE(jump, at);
  body.set(bytes, at);
  at += bytes.length;
  for (const count of childCounts) at = body.writeUInt16LE(count, at);
  for (const entropy of entropies) at = body.writeUInt16LE(entropy, at);
  return body;
}

/**
 * @param origin file that the content is from, for messages
 * @throws CodebookError unless it is a well-formed table
 */
export function decodeEntropyTable(content: Uint8Array, origin: string): EntropyTable {
  const fail = (what: string, hint = 'Make it again, or get an undamaged copy.'): never => {
    throw new CodebookError(what, { file: origin, hint });
  };
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (buffer.length < HEADER_BYTES || buffer.toString('latin1', 0, 8) !== MAGIC) {
    fail('this is no entropy table', 'Tables are made by `pc codebook segmentation`.');
  }
  const version = buffer.readUInt32LE(8);
  if (version !== VERSION) {
    fail(`the entropy table is of version ${version}; this program reads version ${VERSION}`, 'Use a newer `pc`.');
  }
  const contexts = buffer.readUInt32LE(12);
  const provenanceBytes = buffer.readUInt32LE(16);
  const size = HEADER_BYTES + provenanceBytes + QUANTILE_BYTES + contexts * CONTEXT_BYTES + CHECKSUM_BYTES;
  if (contexts < 1 || contexts > MOST_CONTEXTS || provenanceBytes > MOST_PROVENANCE_BYTES || buffer.length !== size) {
    fail(`the entropy table is damaged: ${buffer.length} bytes, by its header ${size}`);
  }
  const end = buffer.length - CHECKSUM_BYTES;
  if (!createHash('sha256').update(buffer.subarray(0, end)).digest().equals(buffer.subarray(end))) {
    fail('the entropy table is damaged: its checksum does not fit');
  }
  let at = HEADER_BYTES + provenanceBytes;
  const provenance = provenanceOf(buffer.toString('utf8', HEADER_BYTES, at));
  if (provenance === null) return fail('the entropy table does not say where it is from');
  const read = (step: number, value: (offset: number) => number): number => {
    at += step;
    return value.call(buffer, at - step);
  };
  const quantiles = {
    levels: Int32Array.from({ length: QUANTILES }, () => read(2, buffer.readUInt16LE)),
    jumps: Int32Array.from({ length: QUANTILES }, () => read(4, buffer.readInt32LE)),
  };
  const bytes = Uint8Array.from(buffer.subarray(at, at + contexts));
  at += contexts;
  const childCounts = Uint16Array.from({ length: contexts }, () => read(2, buffer.readUInt16LE));
  const entropies = Uint16Array.from({ length: contexts }, () => read(2, buffer.readUInt16LE));
  const fault = faultOf({ bytes, childCounts, entropies }, quantiles);
  if (fault !== null) fail(`the entropy table is not well formed: ${fault}`);
  return makeEntropyTable({ bytes, childCounts, entropies }, quantiles, provenance);
}

function provenanceOf(json: string): EntropyTableProvenance | null {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null) return null;
    const { corpus, countedBytes, calibrationBytes } = value as Record<string, unknown>;
    if (typeof corpus !== 'string' || typeof countedBytes !== 'number' || typeof calibrationBytes !== 'number')
      return null;
    return { corpus, countedBytes, calibrationBytes };
  } catch {
    return null;
  }
}

/** What is wrong with a table whose checksum fits, so that the automaton need not ask; null: nothing. */
function faultOf({ bytes, childCounts, entropies }: ContextTrie, { levels, jumps }: EntropyQuantiles): string | null {
  if (entropies.some((entropy) => entropy > GREATEST_ENTROPY)) return 'an entropy is above 8 bits';
  for (const values of [levels, jumps]) {
    if (values.some((value, i) => Math.abs(value) > GREATEST_ENTROPY || value < values[Math.max(0, i - 1)]!)) {
      return 'its quantiles do not ascend';
    }
  }
  if (bytes[0] !== 0) return 'the empty context has a byte';
  return trieFault({ bytes, childCounts }, LONGEST_CONTEXT);
}
