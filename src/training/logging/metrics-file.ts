import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory, writeFully } from '../../support/durable-files.js';
import { asOutputError, systemErrorCode } from '../../support/output-failures.js';
import type { Metrics, MetricsLogger } from './metrics.js';
import { cutAfterStep } from './step-lines.js';

/**
 * `metrics.jsonl`: one JSON object a line, with the step first and the time of writing last. Each line is in the
 * system's hands when `log` returns, so a killed process loses none.
 *
 * @param resumedStep the step that the run goes on from: what follows it in the file is cut off; null for a new run
 * @throws OutputError if it cannot be written
 */
export async function openMetricsFile(
  path: string,
  resumedStep: number | null,
  now: () => number = Date.now,
): Promise<MetricsLogger> {
  try {
    await makeDirectory(dirname(path));
    if (resumedStep !== null) await cutAfterStep(path, resumedStep);
    return new MetricsFile(await open(path, resumedStep === null ? 'wx' : 'a'), path, now);
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
