import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import { LAYOUTS, type LayoutName } from '../../data/mixing-modes.js';
import { DataError } from '../../support/errors.js';
import { asOutputError } from '../../support/output-failures.js';
import type { DocumentCost } from './scores.js';

/** One line of `bpb_documents.jsonl`: what a document costs. */
const documentLine = z.object({
  source: z.string(),
  index: z.int().nonnegative(),
  /** First 16 hexadecimal digits of the SHA-256 of the text. */
  hash: z.string(),
  bytes: z.number().positive(),
  nats: z.number(),
  tokens: z.int().nonnegative(),
  /** Symbols that tell where the text ends, and what they cost. */
  endings: z.int().nonnegative(),
  ending_nats: z.number(),
  layout: z.enum(Object.keys(LAYOUTS) as [LayoutName, ...LayoutName[]]),
});

export type DocumentLine = z.infer<typeof documentLine>;

/** Writes the lines of documents as they are scored. The directory it writes to is made durable by its owner. */
export class DocumentsWriter {
  private readonly stream;
  private failure: unknown = null;

  constructor(private readonly path: string) {
    this.stream = createWriteStream(path, { flags: 'wx' });
    this.stream.on('error', (error) => {
      this.failure = asOutputError(error, path);
    });
  }

  /** @throws OutputError if it cannot be written */
  async write({ identity, bytes, nats, tokens, endings, endingNats, layout }: DocumentCost): Promise<void> {
    this.throwFailure();
    const { source, index, hash } = identity;
    const line: DocumentLine = { source, index, hash, bytes, nats, tokens, endings, ending_nats: endingNats, layout };
    if (this.stream.write(`${JSON.stringify(line)}\n`)) return;
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]);
    this.throwFailure();
  }

  /** @throws OutputError if it cannot be written */
  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream).catch((error: unknown) => {
      throw asOutputError(error, this.path);
    });
  }

  abandon(): void {
    this.stream.destroy();
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure;
  }
}

/** @throws DataError if the file is missing or a line is none of ours */
export async function* readDocumentLines(path: string): AsyncGenerator<DocumentLine> {
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) yield parseLine(line, path, ++number);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`the results cannot be read: ${(cause as Error).message}`, {
      file: path,
      hint: 'Name a directory that `pc eval bpb` wrote.',
      cause,
    });
  } finally {
    lines.close();
    input.destroy();
  }
}

function parseLine(line: string, file: string, number: number): DocumentLine {
  const fail = (what: string, field?: string): never => {
    const hint = 'Evaluate the model again; the file was changed or is of another version.';
    throw new DataError(what, { file, line: number, hint, ...(field !== undefined && { field }) });
  };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    return fail(`malformed JSON: ${(error as Error).message}`);
  }
  const parsed = documentLine.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  return fail(issue.message, issue.path.join('.'));
}
