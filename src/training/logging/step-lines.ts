import { createReadStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { asOutputError, systemErrorCode } from '../../support/output-failures.js';

/** Files of a run with one JSON object a line, in the order of their field `step`. */

const NEWLINE = 0x0a;

/**
 * Cuts off what follows a step, and with it a line that was being written when the run was killed: a run that goes on
 * from there writes it anew. A file that does not exist stays absent.
 *
 * @throws OutputError if it cannot be changed
 */
export async function cutAfterStep(path: string, step: number): Promise<void> {
  try {
    await truncate(path, await endOfStep(path, step));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw asOutputError(error, path);
  }
}

/** Byte offset after the last complete line whose step, and that of all before it, is at most `step`. */
async function endOfStep(path: string, step: number): Promise<number> {
  let end = 0;
  let pending: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      pending.push(chunk.subarray(start, at));
      const line = Buffer.concat(pending);
      if (!(stepOf(line.toString()) <= step)) return end;
      end += line.byteLength + 1;
      pending = [];
      start = at + 1;
    }
    pending.push(chunk.subarray(start));
  }
  return end;
}

/** NaN for a line that is none of ours. */
function stepOf(line: string): number {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'step' in value ? Number(value.step) : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
