import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { walkSourceTree } from '../data/source-tree.js';
import type { QuickstartPlan } from './plan.js';

/** Bytes of the files that an import would look at. @throws the reason of `signal` when it is aborted */
export async function sourceBytes(
  { directories, extensions }: QuickstartPlan['source'],
  maxBytes: number,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  for (const directory of directories)
    for await (const path of walkSourceTree(directory)) {
      signal.throwIfAborted();
      if (extensions !== null && !extensions.some((extension) => path.endsWith(`.${extension}`))) continue;
      const size = await stat(join(directory, path)).then(
        (file) => file.size,
        () => 0,
      );
      if (size <= maxBytes) bytes += size;
    }
  return bytes;
}
