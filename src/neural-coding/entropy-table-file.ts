import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type ContextTrie,
  ENTROPY_TABLE_EXTENSION,
  type EntropyTable,
  type EntropyTableProvenance,
  LONGEST_CONTEXT,
  MOST_CONTEXTS,
} from './entropy-table.js';
import { damagedFrame, decodeFramed, encodeFramed, type Framed, type Framing, readFramed } from './framed-file.js';
import { type EntropyQuantiles, QUANTILE_STEPS } from './segmentation-calibration.js';
import { GREATEST_ENTROPY } from './segmentation-rule.js';
import { trieFault } from './trie-links.js';

/**
 * Entropy tables on disk: a frame (`framed-file.ts`) with n, the number of contexts, in front of a header that says where the
 * table is from, and in it, all numbers little-endian,
 *
 *     999 × u16  quantiles of h_t, units of 1/4096 bit
 *     999 × i32  quantiles of h_t − h_{t−1}
 *     n × u8     bytes on the edges, preorder
 *     n × u16    children
 *     n × u16    entropies, units of 1/4096 bit
 */
const MAGIC = 'pcentrop';
const QUANTILES = QUANTILE_STEPS - 1;
const QUANTILE_BYTES = QUANTILES * 6;
const CONTEXT_BYTES = 5;

const provenanceSchema: z.ZodType<EntropyTableProvenance> = z.object({
  corpus: z.string(),
  countedBytes: z.number(),
  calibrationBytes: z.number(),
});

const FRAMING: Framing<EntropyTableProvenance> = {
  what: 'entropy table',
  article: 'an',
  extension: ENTROPY_TABLE_EXTENSION,
  magic: MAGIC,
  version: 1,
  numbers: 1,
  header: provenanceSchema,
  payloadBytes: (_provenance, [contexts]) => QUANTILE_BYTES + contexts! * CONTEXT_BYTES,
  hints: {
    foreign: 'Make one with `pc codebook segmentation`.',
    damaged: 'Make it again with `pc codebook segmentation`, or get an undamaged copy.',
  },
};

/** A table of what was counted; its fingerprint covers all that determines boundaries. */
export function makeEntropyTable(
  trie: ContextTrie,
  quantiles: EntropyQuantiles,
  provenance: EntropyTableProvenance,
): EntropyTable {
  const fingerprint = createHash('sha256').update(MAGIC).update(bodyOf(trie, quantiles)).digest('hex');
  return { ...trie, quantiles, provenance, fingerprint };
}

/** @throws CodebookError, with the file's name, for one that is missing, damaged, foreign or of a newer version */
export async function readEntropyTable(path: string): Promise<EntropyTable> {
  return tableIn(await readFramed(FRAMING, path), path);
}

/** The content of a table's file. */
export function encodeEntropyTable(table: EntropyTable): Uint8Array {
  const { provenance, bytes, quantiles } = table;
  return encodeFramed(FRAMING, { header: provenance, numbers: [bytes.length], payload: bodyOf(table, quantiles) });
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
  return tableIn(decodeFramed(FRAMING, content, origin), origin);
}

function tableIn(
  { header: provenance, numbers, payload }: Framed<EntropyTableProvenance>,
  origin: string,
): EntropyTable {
  const contexts = numbers[0]!;
  if (contexts < 1 || contexts > MOST_CONTEXTS)
    throw damagedFrame(FRAMING, `it has ${contexts} contexts, not 1 … ${MOST_CONTEXTS}`, origin);
  const body = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 0;
  const read = (step: number, value: (offset: number) => number): number => {
    at += step;
    return value.call(body, at - step);
  };
  const quantiles = {
    levels: Int32Array.from({ length: QUANTILES }, () => read(2, body.readUInt16LE)),
    jumps: Int32Array.from({ length: QUANTILES }, () => read(4, body.readInt32LE)),
  };
  const bytes = Uint8Array.from(body.subarray(at, at + contexts));
  at += contexts;
  const childCounts = Uint16Array.from({ length: contexts }, () => read(2, body.readUInt16LE));
  const entropies = Uint16Array.from({ length: contexts }, () => read(2, body.readUInt16LE));
  const fault = faultOf({ bytes, childCounts, entropies }, quantiles);
  if (fault !== null) throw damagedFrame(FRAMING, fault, origin);
  return makeEntropyTable({ bytes, childCounts, entropies }, quantiles, provenance);
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
