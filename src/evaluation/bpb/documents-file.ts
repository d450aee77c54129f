import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { LAYOUTS, type LayoutName } from '../../data/mixing-modes.js';
import { writeFully } from '../../support/durable-files.js';
import { DataError } from '../../support/errors.js';
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

/** Bytes of lines that are gathered before they are written. */
const WRITE_BYTES = 65_536;

/**
 * Writes the lines of documents as they are scored. It fails with the system's own errors: whoever makes the directory
 * explains them, and makes its files durable.
 */
export class DocumentsWriter {
  private pending = '';

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<DocumentsWriter> {
    return new DocumentsWriter(await open(path, 'wx'));
  }

  async write({ identity, bytes, nats, tokens, endings, endingNats, layout }: DocumentCost): Promise<void> {
    const { source, index, hash } = identity;
    const line: DocumentLine = { source, index, hash, bytes, nats, tokens, endings, ending_nats: endingNats, layout };
    this.pending += `${JSON.stringify(line)}\n`;
    if (this.pending.length >= WRITE_BYTES) await this.flush();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    await this.flush();
  }

  /** Gives the file back, finished or not. */
  async close(): Promise<void> {
    await this.file.close();
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.from(this.pending);
    this.pending = '';
    await writeFully(this.file, bytes);
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
