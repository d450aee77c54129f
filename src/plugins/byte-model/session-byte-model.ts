import { float32Values, hostTensor, type Program } from '../../graph/index.js';
import type { BatchShape, LanguageModel } from '../../models/index.js';
import type { ByteModel, EntropyOptions, PrefixRun } from '../../neural-coding/byte-model.js';
import { notFinite, prefixTooLong } from '../../neural-coding/model-faults.js';
import { BOS, BYTE_COUNT, RAW_OFFSET } from '../../vocabulary/layout.js';
import type { Executable, Session } from '../contracts.js';
import { grouped, rowLengths, rowsPerRun, type Stretch, stretchesOf } from './batching.js';
import { entropyProgram, nextByteProgram } from './programs.js';

/** Runs of each session that are prepared, computed or read at a time: the host works while the session computes. */
const RUNS_IN_FLIGHT = 2;

export interface SessionByteModelParts {
  /** Each holds the parameters, and computes runs of its own beside the others. */
  sessions: readonly Session[];
  /** The model for sequences of some length. */
  modelAt(length: number): LanguageModel;
  parameters: number;
  context: number;
  /** Bytes of the longest prefix of a window. */
  longestPrefix: number;
  fingerprint: string;
  dispose(): Promise<void>;
}

interface LoadedProgram {
  batch: BatchShape;
  program: Executable;
}

/** A byte model whose parameters are the state of sessions. Programs are loaded when they are first needed. */
export class SessionByteModel implements ByteModel {
  private nextSession = 0;
  private readonly programs = new Map<string, Promise<LoadedProgram>>();
  private readonly lengths: readonly number[];

  constructor(private readonly parts: SessionByteModelParts) {
    this.lengths = rowLengths(parts.longestPrefix + 1);
  }

  get fingerprint(): string {
    return this.parts.fingerprint;
  }

  get parameters(): number {
    return this.parts.parameters;
  }

  get context(): number {
    return this.parts.context;
  }

  /** @throws CheckpointError for a prefix that is longer than the model's window */
  async probabilities(prefixes: readonly Uint8Array[]): Promise<Float64Array> {
    const result = new Float64Array(prefixes.length * BYTE_COUNT);
    const byLength = new Map<number, number[]>(this.lengths.map((length) => [length, []]));
    for (const [index, prefix] of prefixes.entries()) byLength.get(this.rowLength(prefix.length))!.push(index);
    await this.inFlight(this.windowRuns(byLength), async ({ length, indices }, session) => {
      const { batch, program } = await this.loaded(session, 'next byte', length, nextByteProgram);
      const ids = new Int32Array(batch.rows * length);
      const last = new Int32Array(batch.rows);
      for (const [row, index] of indices.entries()) {
        writeRow(ids, row * length, prefixes[index]!);
        last[row] = row * length + prefixes[index]!.length;
      }
      const inputs = { ids: hostTensor('i32', ids, [batch.rows, length]), last: hostTensor('i32', last) };
      const [outputs] = await program.run([inputs]);
      const logits = float32Values(outputs!.logits!);
      for (const [row, index] of indices.entries())
        writeProbabilities(logits.subarray(row * BYTE_COUNT, (row + 1) * BYTE_COUNT), result, index * BYTE_COUNT);
    });
    return result;
  }

  /**
   * Rows are padded to the shortest length that holds the prefix and BOS; a session computes as many of them, whatever is
   * asked, and all sessions compute at a time.
   */
  runOf(length: number): PrefixRun {
    const row = this.rowLength(length);
    const shortest = this.lengths[this.lengths.indexOf(row) - 1] ?? 0;
    return { shortest, longest: row - 1, rows: rowsPerRun(row) * this.parts.sessions.length };
  }

  /** @throws RangeError for an overlap that leaves nothing of a context; CheckpointError where the model's numbers are not finite */
  async entropies(documents: readonly Uint8Array[], { overlap = 0 }: EntropyOptions = {}): Promise<Float32Array[]> {
    const { context } = this.parts;
    if (!Number.isInteger(overlap) || overlap < 0 || overlap >= context)
      throw new RangeError(`an overlap of ${overlap} bytes leaves nothing of a context of ${context}`);
    const results = documents.map(({ length }) => new Float32Array(length));
    const stretches = stretchesOf(
      documents.map(({ length }) => length),
      context,
      overlap,
    );
    await this.inFlight(grouped(stretches, rowsPerRun(context)), async (group, session) => {
      const { batch, program } = await this.loaded(session, 'entropy', context, entropyProgram);
      const ids = new Int32Array(batch.rows * context);
      for (const [row, { document, start, length }] of group.entries())
        writeRow(ids, row * context, documents[document]!.subarray(start, start + length - 1));
      const [outputs] = await program.run([{ ids: hostTensor('i32', ids, [batch.rows, context]) }]);
      const bits = float32Values(outputs!.bits!);
      for (const [row, stretch] of group.entries())
        writeEntropies(bits.subarray(row * context), stretch, results[stretch.document]!);
    });
    return results;
  }

  async dispose(): Promise<void> {
    await this.parts.dispose();
  }

  /** Length of the row that a prefix and the BOS before it are padded to. */
  private rowLength(prefixBytes: number): number {
    const found = this.lengths.find((candidate) => prefixBytes < candidate);
    if (found !== undefined) return found;
    throw prefixTooLong(prefixBytes, this.parts.longestPrefix);
  }

  private *windowRuns(byLength: ReadonlyMap<number, readonly number[]>) {
    for (const [length, all] of byLength)
      for (const indices of grouped(all, rowsPerRun(length))) yield { length, indices };
  }

  private loaded(
    session: number,
    what: string,
    length: number,
    build: (model: LanguageModel, batch: BatchShape) => Program,
  ): Promise<LoadedProgram> {
    const key = `${session} ${what} ${length}`;
    const load = async (): Promise<LoadedProgram> => {
      const batch = { rows: rowsPerRun(length), sequenceLength: length };
      return { batch, program: await this.parts.sessions[session]!.load(build(this.parts.modelAt(length), batch)) };
    };
    const found = this.programs.get(key) ?? load();
    this.programs.set(key, found);
    return found;
  }

  /**
   * Works on items in order, several at a time, the sessions taking turns: runs of a call are alike, so turns are fair.
   *
   * @throws the first failure, once nothing is under way any more
   */
  private async inFlight<Item>(
    items: Iterable<Item>,
    work: (item: Item, session: number) => Promise<void>,
  ): Promise<void> {
    const { length: sessions } = this.parts.sessions;
    const running: Promise<void>[] = [];
    try {
      for (const item of items) {
        const run = work(item, this.nextSession++ % sessions);
        // Whoever awaits it gets the failure; until then it is not unhandled.
        run.catch(() => {});
        running.push(run);
        if (running.length >= RUNS_IN_FLIGHT * sessions) await running.shift();
      }
      while (running.length > 0) await running.shift();
    } finally {
      await Promise.allSettled(running);
    }
  }
}

/** BOS and the bytes after it; what follows them in the row is padding, which no position before it sees. */
function writeRow(ids: Int32Array, at: number, bytes: Uint8Array): void {
  ids[at] = BOS;
  for (let i = 0; i < bytes.length; i++) ids[at + 1 + i] = bytes[i]! + RAW_OFFSET;
}

/** The softmax of 256 logits, in float64. */
function writeProbabilities(logits: Float32Array, target: Float64Array, at: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let byte = 0; byte < BYTE_COUNT; byte++) largest = Math.max(largest, logits[byte]!);
  let total = 0;
  for (let byte = 0; byte < BYTE_COUNT; byte++) {
    const weight = Math.exp(logits[byte]! - largest);
    target[at + byte] = weight;
    total += weight;
  }
  for (let byte = 0; byte < BYTE_COUNT; byte++) target[at + byte]! /= total;
}

/** The entropies of a stretch's own bytes; rounding may have left one just outside its range. */
function writeEntropies(bits: Float32Array, { start, length, from }: Stretch, target: Float32Array): void {
  for (let i = from; i < length; i++) {
    if (Number.isNaN(bits[i]!)) throw notFinite();
    target[start + i] = Math.min(8, Math.max(0, bits[i]!));
  }
}
