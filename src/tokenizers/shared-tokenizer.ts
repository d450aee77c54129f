import { stat } from 'node:fs/promises';
import { loadTokenizer } from './index.js';
import type { Tokenizer } from './tokenizer.js';

/** Tokenizers of this thread, while anyone uses them, by the state of their file. */
const known = new Map<string, WeakRef<Tokenizer>>();

/**
 * A tokenizer as `loadTokenizer` gives it, one instance for all who ask while its file stays as it is: compressors over
 * the same vocabulary share its tables and caches.
 *
 * @throws what `loadTokenizer` throws
 */
export async function sharedTokenizer(path: string): Promise<Tokenizer> {
  const state = await stat(path, { bigint: true }).catch(() => null);
  // A folder does not show when a file in it changes.
  if (!state?.isFile()) return loadTokenizer(path);
  const key = `${state.dev}:${state.ino}:${state.size}:${state.mtimeNs}`;
  const held = known.get(key)?.deref();
  if (held !== undefined) return held;
  const tokenizer = await loadTokenizer(path);
  known.set(key, new WeakRef(tokenizer));
  return tokenizer;
}
