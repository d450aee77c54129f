import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, type DirectoryLock } from '../../support/directory-lock.js';
import { writeFully } from '../../support/durable-files.js';
import { asOutputError } from '../../support/output-failures.js';
import type { Window } from './windows.js';

/** What `Scorer` does. */
type Score = (windows: readonly Window[]) => Promise<Float32Array[]>;

const SCORES_FILE = 'scores.bin';
const DIGEST_BYTES = 32;

/**
 * The scores of an evaluation that is not finished, so that one which was killed goes on: all else is read and counted
 * again, which is cheap, and to the bit as before. Beside the results' place stands a directory with a lock and one file
 * of records, one for each batch of windows:
 *
 *     scores of the labels that count, f32 little-endian | SHA-256 of identity, the windows' ids and the scores
 *
 * A record is taken only for the very windows, model and machine that it was made with, and only when it is whole. From the
 * first that is not, the file is written anew.
 */
export class ScoreJournal {
  /** Where the next record begins. */
  private position = 0;
  private recalling = true;
  private recalledWindows = 0;
  /** Calls take their turns: to look into the file, and to write to it. */
  private looking: Promise<unknown> = Promise.resolve();
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly directory: string,
    private readonly identity: string,
    private readonly lock: DirectoryLock,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param directory made if missing
   * @param identity of all that scores depend on, beside the windows
   * @throws DirectoryInUseError if another process evaluates into the same place, OutputError if it cannot be written
   */
  static async open(directory: string, identity: string): Promise<ScoreJournal> {
    const lock = await acquireLock(directory);
    try {
      const digest = createHash('sha256').update(identity).digest('hex');
      return new ScoreJournal(directory, digest, lock, await openOrMake(join(directory, SCORES_FILE)));
    } catch (error) {
      await lock.release();
      throw asOutputError(error, directory);
    }
  }

  /** Windows whose scores were known, once a batch was not. */
  get recalled(): number {
    return this.recalledWindows;
  }

  /**
   * Scores batches that follow each other: those that are in the file from there, all others by `score`, whose results
   * are in the file before they are given.
   */
  remembering(score: Score): Score {
    return (windows) => {
      const looked = this.looking.then(() => this.recall(windows));
      this.looking = looked.catch(() => {});
      const scored = looked.then(async (known) => ({ known, scores: known ?? (await score(windows)) }));
      const written = Promise.all([scored, this.writing]).then(async ([{ known, scores }]) => {
        if (known === null) await this.append(windows, scores);
        return scores;
      });
      this.writing = written.catch(() => {});
      return written;
    };
  }

  /** Ends without the results: the scores stay for the next time, if there are any. */
  async leave(): Promise<void> {
    await this.writing;
    await this.file.close();
    const isEmpty = this.position === 0;
    await this.lock.release();
    if (isEmpty) await rm(this.directory, { recursive: true, force: true });
  }

  /** Ends for good: the results stand in their place. */
  async remove(): Promise<void> {
    await this.file.close();
    await rm(join(this.directory, SCORES_FILE), { force: true });
    await this.lock.release();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async recall(windows: readonly Window[]): Promise<Float32Array[] | null> {
    if (!this.recalling) return null;
    const payload = Buffer.alloc(4 * sum(windows.map(countOf)));
    const digest = Buffer.alloc(DIGEST_BYTES);
    const isWhole =
      (await readWhole(this.file, payload, this.position)) &&
      (await readWhole(this.file, digest, this.position + payload.length));
    if (isWhole && digest.equals(this.digestOf(windows, payload))) {
      this.position += payload.length + DIGEST_BYTES;
      this.recalledWindows += windows.length;
      return decode(windows, payload);
    }
    this.recalling = false;
    await this.file.truncate(this.position);
    return null;
  }

  private async append(windows: readonly Window[], scores: readonly Float32Array[]): Promise<void> {
    const payload = encode(windows, scores);
    const record = Buffer.concat([payload, this.digestOf(windows, payload)]);
    try {
      await writeFully(this.file, record, this.position);
    } catch (error) {
      throw asOutputError(error, join(this.directory, SCORES_FILE));
    }
    this.position += record.length;
  }

  private digestOf(windows: readonly Window[], payload: Uint8Array): Buffer {
    const hash = createHash('sha256').update(this.identity);
    for (const { ids } of windows) hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
    return hash.update(payload).digest();
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  // Reading and writing at any place, keeping what is there.
  await (await open(path, 'a')).close();
  return open(path, 'r+');
}

async function readWhole(file: FileHandle, target: Uint8Array, position: number): Promise<boolean> {
  for (let start = 0; start < target.byteLength; ) {
    const { bytesRead } = await file.read(target, start, target.byteLength - start, position + start);
    if (bytesRead === 0) return false;
    start += bytesRead;
  }
  return true;
}

/** The labels of a window that count are consecutive. */
const firstOf = ({ spans }: Window): number => spans[0]?.from ?? 0;
const countOf = ({ spans }: Window): number => (spans.at(-1)?.to ?? 0) - (spans[0]?.from ?? 0);

function encode(windows: readonly Window[], scores: readonly Float32Array[]): Buffer {
  const payload = Buffer.alloc(4 * sum(windows.map(countOf)));
  let at = 0;
  for (const [row, window] of windows.entries())
    for (const score of scores[row]!.subarray(firstOf(window), firstOf(window) + countOf(window)))
      at = payload.writeFloatLE(score, at);
  return payload;
}

/** As many scores as a window has labels; those that do not count are not known. */
function decode(windows: readonly Window[], payload: Buffer): Float32Array[] {
  let at = 0;
  return windows.map((window) => {
    const scores = new Float32Array(window.ids.length - 1).fill(Number.NaN);
    for (let i = 0; i < countOf(window); i++, at += 4) scores[firstOf(window) + i] = payload.readFloatLE(at);
    return scores;
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
