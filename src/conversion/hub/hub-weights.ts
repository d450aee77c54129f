import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SafetensorsFile } from '../../checkpoints/index.js';
import type { Shape } from '../../graph/index.js';
import { closeAll } from '../../support/close-all.js';
import { CheckpointError } from '../../support/errors.js';
import { exists, systemErrorCode } from '../../support/output-failures.js';
import { ReadAheadMemory } from '../../support/read-ahead.js';
import { readBoundedText } from '../bounded-text.js';
import { decodedPieces, isFloatElement } from '../float-elements.js';
import type { TensorSource } from '../tensor-source.js';

/** The weights of a model on the hub: one safetensors file, or several that an index tells apart. */

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** Largest index that is read, in bytes; that of a model of a hundred thousand tensors takes a sixth of it. */
const MAX_INDEX_BYTES = 1 << 26;

/** A plain name: an index may not lead out of its folder. */
const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[A-Za-z0-9][\w.-]*\.safetensors$/)),
});

/**
 * @throws CheckpointError if there are no safetensors files, one is damaged or missing, or two hold a tensor of the same
 *   name
 */
export async function openHubWeights(directory: string): Promise<TensorSource> {
  const files: SafetensorsFile[] = [];
  const memory = new ReadAheadMemory();
  const close = () => closeAll(files.splice(0).map((file) => () => file.close()));
  try {
    const index = await readIndex(directory);
    for (const name of index?.files ?? [SINGLE_FILE]) files.push(await SafetensorsFile.open(join(directory, name)));
    const holders = new Map<string, SafetensorsFile>();
    for (const file of files) for (const { name } of file.entries) hold(holders, name, file);
    for (const name of index?.tensors ?? [])
      if (!holders.has(name)) throw unusable(directory, `the index names ${name}, which no file holds`, name);
    const shapes: ReadonlyMap<string, Shape> = new Map(
      [...holders].map(([name, file]) => [name, file.entry(name).shape]),
    );
    return { path: directory, shapes, pieces: (name) => floatsOf(holders.get(name)!, name, memory), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function hold(holders: Map<string, SafetensorsFile>, name: string, file: SafetensorsFile): void {
  const other = holders.get(name);
  if (other !== undefined) throw unusable(file.path, `${name} is in ${other.path} too`, name);
  holders.set(name, file);
}

function floatsOf(file: SafetensorsFile, name: string, memory: ReadAheadMemory): AsyncIterable<Float32Array> {
  const { type } = file.entry(name);
  if (!isFloatElement(type)) throw unusable(file.path, `${name} has the type ${type}, which is no float`, name);
  return decodedPieces(type, file.pieces(name, memory), { file: file.path, name });
}

async function readIndex(directory: string): Promise<{ files: string[]; tensors: string[] } | null> {
  if (await exists(join(directory, SINGLE_FILE))) return null;
  const file = join(directory, INDEX_FILE);
  let text: string;
  try {
    text = await readBoundedText(file, MAX_INDEX_BYTES);
  } catch (cause) {
    if (systemErrorCode(cause) === undefined) throw cause;
    throw await withoutSafetensors(directory, cause);
  }
  const parsed = indexSchema.safeParse(parseJson(text));
  if (!parsed.success) throw unusable(file, 'it is no index of safetensors files in the same folder');
  const { weight_map: map } = parsed.data;
  return { files: [...new Set(Object.values(map))].sort(), tensors: Object.keys(map) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function withoutSafetensors(directory: string, cause: unknown): Promise<CheckpointError> {
  const names = await readdir(directory).catch(() => []);
  const pickled = names.find((name) => /\.(bin|pth?)$/.test(name));
  return new CheckpointError(`there is neither ${SINGLE_FILE} nor ${INDEX_FILE} in ${directory}`, {
    file: directory,
    hint:
      pickled === undefined
        ? 'Name a folder with config.json and *.safetensors, as downloaded from the hub.'
        : `${pickled} is a pickle, which could run code: save the model as safetensors, or download it in that form.`,
    cause,
  });
}

function unusable(file: string, what: string, field?: string): CheckpointError {
  return new CheckpointError(`${file} cannot be used: ${what}`, {
    file,
    ...(field !== undefined && { field }),
    hint: 'Download the model again, or use another one.',
  });
}
