import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { CONFIG_FILE, MARKER_FILE, STATE_FILE } from './layout.js';

/**
 * The completion marker: sizes and SHA-256 checksums of all that a checkpoint consists of. Shards have a checksum for
 * the header and one for every tensor, so that a tensor is verified while it is read, whichever are read.
 */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const byteCount = z.int().nonnegative();
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

export const shardRecord = z.strictObject({ bytes: byteCount, header: sha256, tensors: z.record(z.string(), sha256) });
const fileRecord = z.strictObject({ bytes: byteCount, sha256 });

const FORMAT = 'proxy-compression checkpoint';
const VERSION = 1;

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  step: z.int().nonnegative(),
  files: z
    .record(fileName, fileRecord)
    .refine((files) => STATE_FILE in files && CONFIG_FILE in files, 'a required file is not listed'),
  shards: z.record(fileName, shardRecord),
});

export type ShardRecord = z.infer<typeof shardRecord>;
export type FileRecord = z.infer<typeof fileRecord>;
export type Manifest = z.infer<typeof manifestSchema>;

export function encodeManifest(content: Omit<Manifest, 'format' | 'version'>): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, ...content } satisfies Manifest, null, 1)}\n`;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Reads the marker and compares the sizes of all files with it, which detects a copy that was cut short.
 * @throws CheckpointError if there is no marker, it is damaged or of a later version, or a file is missing or has
 *   another size.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const manifest = await readMarker(directory);
  for (const [name, { bytes }] of [...Object.entries(manifest.files), ...Object.entries(manifest.shards)]) {
    const problem = await sizeProblem(directory, name, bytes);
    if (problem !== undefined) {
      throw new CheckpointError(`the checkpoint ${directory} is damaged: ${name} ${problem}`, {
        file: join(directory, name),
      });
    }
  }
  return manifest;
}

/** Reads the marker alone. @throws CheckpointError if there is none, it is damaged or of a later version. */
export async function readMarker(directory: string): Promise<Manifest> {
  const path = join(directory, MARKER_FILE);
  return parseManifest(await readExisting(path, `${directory} is not a complete checkpoint`), path);
}

/** What stands in the marker, for telling one checkpoint from another. @throws CheckpointError if there is none */
export async function markerChecksum(directory: string): Promise<string> {
  return sha256Of(await readExisting(join(directory, MARKER_FILE), `${directory} is not a complete checkpoint`));
}

/** What is wrong with a file as far as its size tells, or undefined. */
export async function sizeProblem(directory: string, name: string, bytes: number): Promise<string | undefined> {
  const size = await sizeOf(join(directory, name));
  if (size === bytes) return undefined;
  return size === undefined ? 'is missing' : `has ${size} bytes instead of ${bytes}`;
}

/**
 * A small file of the checkpoint, as text.
 * @throws CheckpointError if it is not the one that was saved.
 */
export async function readVerified(directory: string, name: string, { sha256 }: FileRecord): Promise<string> {
  const file = join(directory, name);
  const bytes = await readExisting(file, `the checkpoint ${directory} is damaged`);
  if (sha256Of(bytes) !== sha256) {
    throw new CheckpointError(`the checkpoint ${directory} is damaged: ${name} is not what was saved`, { file });
  }
  return bytes.toString('utf8');
}

function parseManifest(bytes: Buffer, file: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new CheckpointError(`${file} is damaged: it is not JSON`, { file, cause });
  }
  const version = z.object({ format: z.literal(FORMAT), version: z.int() }).safeParse(json);
  if (version.success && version.data.version > VERSION) {
    throw new CheckpointError(`${file} was written by a later version of pc`, { file, hint: 'Update pc.' });
  }
  const { success, data, error } = manifestSchema.safeParse(json);
  if (success) return data;
  throw new CheckpointError(`${file} is damaged: ${z.prettifyError(error)}`, { file });
}

async function readExisting(file: string, what: string): Promise<Buffer> {
  try {
    // Opening a pipe would wait for a writer.
    if (!(await stat(file)).isFile()) throw new CheckpointError(`${what}: ${file} is not a regular file`, { file });
    return await readFile(file);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    const why = code === 'ENOENT' ? `${file} is missing` : (cause as Error).message;
    throw new CheckpointError(`${what}: ${why}`, { file, cause });
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const status = await stat(path);
    return status.isFile() ? status.size : undefined;
  } catch {
    return undefined;
  }
}
