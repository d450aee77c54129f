import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemErrorCode } from './output-failures.js';

/** Where a path leads without symbolic links, also where its last parts do not exist yet. */
export async function realPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return join(await realPath(dirname(absolute)), basename(absolute));
  }
}

/** Whether a path is a directory's own or lies below it; both as `realPath` gives them. */
export function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
