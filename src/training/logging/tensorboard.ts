import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeDirectory, writeFully } from '../../support/durable-files.js';
import { asOutputError } from '../../support/output-failures.js';
import type { Metrics, MetricsLogger } from './metrics.js';
import { ProtobufMessage } from './protobuf-message.js';
import { tfRecord } from './tfrecord.js';

/** Field numbers of `tensorflow.Event` and of the messages in it (tensorflow/core/util/event.proto, summary.proto). */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY = { value: 1 } as const;
const SUMMARY_VALUE = { tag: 1, simpleValue: 2 } as const;
const SESSION_LOG = { status: 1 } as const;
const SESSION_START = 1;

/**
 * A TensorBoard event file, `events.out.tfevents.*` in `directory`, with one scalar a metric.
 *
 * A resumed run writes a file of its own that begins with a session start, by which TensorBoard leaves out what earlier
 * files have from that step on.
 *
 * @param resumedStep the step that the run goes on from; null for a new run
 * @param now milliseconds since 1970
 * @throws OutputError if it cannot be written
 */
export async function openTensorBoard(
  directory: string,
  resumedStep: number | null,
  now: () => number = Date.now,
): Promise<MetricsLogger> {
  const started = String(Math.floor(now() / 1000)).padStart(10, '0');
  const path = join(directory, `events.out.tfevents.${started}.${hostname()}.${process.pid}.0`);
  try {
    await makeDirectory(directory);
    const logger = new TensorBoardFile(await open(path, 'wx'), path, now);
    try {
      await logger.start(resumedStep);
      return logger;
    } catch (error) {
      await logger.close();
      throw error;
    }
  } catch (error) {
    throw asOutputError(error, path);
  }
}

class TensorBoardFile implements MetricsLogger {
  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly now: () => number,
  ) {}

  async start(resumedStep: number | null): Promise<void> {
    await this.write(this.event().text(EVENT.fileVersion, 'brain.Event:2'));
    if (resumedStep === null) return;
    const session = new ProtobufMessage().integer(SESSION_LOG.status, SESSION_START);
    await this.write(this.event(resumedStep + 1).message(EVENT.sessionLog, session));
  }

  async log(step: number, metrics: Metrics): Promise<void> {
    const summary = new ProtobufMessage();
    for (const [tag, value] of Object.entries(metrics))
      summary.message(
        SUMMARY.value,
        new ProtobufMessage().text(SUMMARY_VALUE.tag, tag).float(SUMMARY_VALUE.simpleValue, value),
      );
    await this.write(this.event(step).message(EVENT.summary, summary));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private event(step = 0): ProtobufMessage {
    return new ProtobufMessage().double(EVENT.wallTime, this.now() / 1000).integer(EVENT.step, step);
  }

  private async write(event: ProtobufMessage): Promise<void> {
    try {
      await writeFully(this.file, tfRecord(event.bytes()));
    } catch (error) {
      throw asOutputError(error, this.path);
    }
  }
}
