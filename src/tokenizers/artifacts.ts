import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../support/package-root.js';

/** Tokenizers that the package ships, by name, and what they are. */
export const SHIPPED_TOKENIZERS = {
  'code-65k': 'byte-level BPE, 65,536 tokens, trained on permissively licensed source code',
} as const satisfies Record<string, string>;

export type ShippedTokenizer = keyof typeof SHIPPED_TOKENIZERS;

export const DEFAULT_TOKENIZER: ShippedTokenizer = 'code-65k';

/**
 * The path of a tokenizer that is given by the name of a shipped one, or by a path. What exists at the path `name` comes
 * first, so that a folder is not hidden by a name that a later version ships; `./code-65k` says the same outright.
 */
export function resolveTokenizer(nameOrPath: string): string {
  if (existsSync(nameOrPath) || !isShipped(nameOrPath)) return nameOrPath;
  return join(packageRoot(), 'artifacts', 'tokenizers', nameOrPath, 'tokenizer.json.gz');
}

function isShipped(name: string): name is ShippedTokenizer {
  return Object.hasOwn(SHIPPED_TOKENIZERS, name);
}
