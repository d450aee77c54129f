import { dirname, resolve } from 'node:path';
import { addAbortSignal, Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../support/errors.js';
import { type TextSource, textSource } from './text-source.js';

/** Stands for standard input or output in the place of a file. */
export const STANDARD_STREAM = '-';

/** What the names of compressed files end with. */
export const COMPRESSED_EXTENSION = '.pcz';

/**
 * The bytes of a file or of standard input. A stop ends the waiting for more of the latter, which may never come.
 *
 * @throws UsageError, DataError as `textSource`
 */
export async function byteSource(file: string, signal: AbortSignal): Promise<TextSource> {
  if (file !== STANDARD_STREAM) return textSource(undefined, file);
  return { ...(await textSource(undefined, undefined)), chunks: standardInput(signal) };
}

async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, process.stdin);
  } catch (error) {
    // The stream has an error of its own for a stop, which says nothing of the reason.
    signal.throwIfAborted();
    throw error;
  }
}

/**
 * Refuses an output that would be lost or garbled: over a file that exists, over the input, to a terminal, or mixed with JSON.
 *
 * @throws UsageError, OutputError
 */
export async function requireWritable(
  output: string,
  input: string,
  { force, json }: { force: boolean; json: boolean },
): Promise<void> {
  if (output === STANDARD_STREAM) {
    if (json)
      throw new UsageError('--json and the data cannot both go to standard output', {
        hint: 'Name a file by -o FILE.',
      });
    if (process.stdout.isTTY)
      throw new UsageError('the data would go to the terminal', { hint: 'Name a file by -o FILE, or use a pipe.' });
    return;
  }
  const { refuseToOverwrite } = await import('../../support/output-failures.js');
  if (input !== STANDARD_STREAM && resolve(output) === resolve(input))
    throw new UsageError(`${output} is the input too`, { hint: 'Name another file by -o FILE.' });
  await refuseToOverwrite(output, force);
}

/**
 * Writes all that a generator yields to a file, which has its name when it is complete, or to standard output. What
 * commands that were killed left beside the file is removed.
 *
 * @returns the generator's value
 * @throws the signal's reason when it is aborted; OutputError if the file cannot be written
 */
export async function writeAll<Totals>(
  pieces: AsyncGenerator<Uint8Array, Totals>,
  output: string,
  signal: AbortSignal,
): Promise<Totals> {
  const results: Totals[] = [];
  const source = Readable.from(
    (async function* () {
      results.push(yield* pieces);
    })(),
    { objectMode: true, highWaterMark: 1 },
  );
  try {
    await pipeline(source, await sinkFor(output), { signal, end: output !== STANDARD_STREAM });
  } catch (error) {
    // The pipeline has an error of its own for a stop, which says nothing of the reason.
    signal.throwIfAborted();
    throw error;
  }
  return results[0]!;
}

async function sinkFor(output: string): Promise<Writable> {
  if (output === STANDARD_STREAM) return process.stdout;
  const { createWriteStreamAtomic } = await import('../../support/atomic-files.js');
  const { removeStaleTemporaries } = await import('../../support/temporaries.js');
  await removeStaleTemporaries(dirname(output));
  return createWriteStreamAtomic(output);
}
