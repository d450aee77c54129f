import { join } from 'node:path';
import { type ElementType, encodeHeader, SafetensorsFile, SafetensorsWriter } from '../../../src/checkpoints/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

export interface Stored {
  name: string;
  type: ElementType;
  shape: number[];
  bytes: Uint8Array;
}

/** Writes a file of these tensors and returns its path. */
export async function write(tensors: Stored[], metadata: Record<string, string> = {}): Promise<string> {
  const path = join(temporaryDirectory(), 'x.safetensors');
  const writer = await SafetensorsWriter.create(path, encodeHeader(tensors, metadata).byteLength);
  for (const { bytes, ...spec } of tensors) await writer.append(spec, bytes);
  await writer.finish(metadata);
  return path;
}

/** All that a file holds. */
export async function readAll(
  path: string,
): Promise<{ tensors: Stored[]; metadata: Readonly<Record<string, string>> }> {
  const file = await SafetensorsFile.open(path);
  try {
    const tensors: Stored[] = [];
    for (const { name, type, shape } of file.entries) tensors.push({ name, type, shape, bytes: await file.read(name) });
    return { tensors, metadata: file.metadata };
  } finally {
    await file.close();
  }
}
