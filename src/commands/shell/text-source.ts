import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { DataError, UsageError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';

/** How a command is given a text; `textSource` reads it. */
export const textArgument = Args.string({
  description: 'the text; without it and --file, standard input',
  name: 'TEXT',
  ignoreStdin: true,
});
export const textFileFlag = Flags.string({ char: 'f', summary: 'File with the text.', helpValue: 'FILE' });

/** A text that a command was given. */
export interface TextSource {
  /** For people. */
  name: string;
  /** The file that it is of, if it is of one. */
  file: string | null;
  /** Bytes, where that is known beforehand. */
  size: number | null;
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * The text that was typed, or of a file, or else of standard input.
 *
 * @throws UsageError if there are two of them or none; DataError if the file cannot be read
 */
export async function textSource(text: string | undefined, file: string | undefined): Promise<TextSource> {
  if (text !== undefined && file !== undefined)
    throw new UsageError('a text and a file are given', { hint: 'Leave one of them out.' });
  if (text !== undefined) {
    const bytes = Buffer.from(text);
    return { name: 'the text', file: null, size: bytes.length, chunks: [bytes] };
  }
  if (file !== undefined) return fileSource(file);
  if (process.stdin.isTTY)
    throw new UsageError('there is no text', { hint: 'Give a text, --file FILE, or a text on standard input.' });
  return { name: 'standard input', file: null, size: null, chunks: process.stdin };
}

/** All of a text, for those who need it in one piece. @throws as `textSource` */
export async function readText(text: string | undefined, file: string | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await textSource(text, file)).chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function fileSource(file: string): Promise<TextSource> {
  const stats = await stat(file).catch((error: unknown) => {
    throw unreadable(error, file);
  });
  if (stats.isDirectory()) throw new DataError('this is a directory', { file, hint: 'Name a file in it.' });
  return { name: file, file, size: stats.isFile() ? stats.size : null, chunks: readChunks(file) };
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw unreadable(error, file);
  }
}

function unreadable(cause: unknown, file: string): DataError {
  const code = systemErrorCode(cause);
  return new DataError(code === 'ENOENT' ? 'there is no such file' : `the file cannot be read: ${code ?? cause}`, {
    file,
    hint: 'Check its name and its permissions.',
    cause,
  });
}
