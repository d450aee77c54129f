import { join } from 'node:path';
import type { DataOptions } from './options.js';

/** A source of the mixture. Its name, not its place, decides its order: a source may move between folders. */
export interface MixtureSource {
  name: string;
  /** Folder or file. */
  path: string;
  /** Relative to the other weights. */
  weight: number;
}

/** The sources that a run trains on. */
export function trainingSources({ root, sources }: Pick<DataOptions, 'root' | 'sources'>): MixtureSource[] {
  return Object.entries(sources).map(([name, weight]) => ({ name, path: join(root, name), weight }));
}
