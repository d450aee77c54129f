import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory, writeFully } from '../../support/durable-files.js';
import { asOutputError, systemErrorCode } from '../../support/output-failures.js';
import type { Metrics, MetricsLogger } from './metrics.js';

const NEWLINE = 0x0a;

/**
 * `metrics.jsonl`: one JSON object a line, with the step first and the time of writing last. Each line is in the
 * system's hands when `log` returns, so a killed process loses none.
 *
 * @param resumedStep the step that the run goes on from: what follows it in the file is written anew, so it is cut
 *   off, and with it a line that was being written when the run was killed; null for a new run
 * @throws OutputError if it cannot be written
 */
export async function openMetricsFile(
  path: string,
  resumedStep: number | null,
  now: () => number = Date.now,
): Promise<MetricsLogger> {
  try {
    await makeDirectory(dirname(path));
    const file = await open(path, resumedStep === null ? 'wx' : 'a');
    if (resumedStep !== null) await file.truncate(await endOfStep(path, resumedStep));
    return new MetricsFile(file, path, now);
  } catch (error) {
    throw asOutputError(error, path);
  }
}

class MetricsFile implements MetricsLogger {
  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly now: () => number,
  ) {}

  async log(step: number, metrics: Metrics): Promise<void> {
    const line = JSON.stringify({ step, ...metrics, created_at: new Date(this.now()).toISOString() });
    try {
      await writeFully(this.file, Buffer.from(`${line}\n`));
    } catch (error) {
      throw asOutputError(error, this.path);
    }
  }

  async close(): Promise<void> {
    await this.file.sync().catch((error: unknown) => {
      // A pipe or a device cannot be synced, and need not be.
      if (systemErrorCode(error) !== 'EINVAL') throw asOutputError(error, this.path);
    });
    await this.file.close();
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
