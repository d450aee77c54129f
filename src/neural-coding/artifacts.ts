import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodebookError } from '../support/errors.js';
import { packageRoot } from '../support/package-root.js';

/** Codebooks that the package ships, by name, and what they are. */
export const SHIPPED_CODEBOOKS = {
  'code-16': 'windows of 16 bits, strict, made for permissively licensed source code',
  'code-12': 'windows of 12 bits, strict, made for permissively licensed source code',
} as const satisfies Record<string, string>;

export type ShippedCodebook = keyof typeof SHIPPED_CODEBOOKS;

export const DEFAULT_CODEBOOK: ShippedCodebook = 'code-16';

/** What the names of codebook files end with. */
export const CODEBOOK_EXTENSION = '.codebook';

/**
 * The path of a codebook that is given by the name of a shipped one, or by a path. What exists at the path `name` comes
 * first, so that a file is not hidden by a name that a later version ships; `./code-16` says the same outright.
 *
 * @throws CodebookError if there is neither
 */
export function resolveCodebook(nameOrPath: string): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  if (isShipped(nameOrPath)) {
    const path = join(packageRoot(), 'artifacts', 'codebooks', `${nameOrPath}${CODEBOOK_EXTENSION}`);
    if (existsSync(path)) return path;
  }
  throw new CodebookError(`there is no codebook ${nameOrPath}`, {
    file: nameOrPath,
    hint: `Make one with \`pc codebook build DATA --output ${nameOf(nameOrPath)}\`, or name one that is shipped: ${Object.keys(SHIPPED_CODEBOOKS).join(', ')}.`,
  });
}

const nameOf = (path: string): string => (path.endsWith(CODEBOOK_EXTENSION) ? path : `${path}${CODEBOOK_EXTENSION}`);

function isShipped(name: string): name is ShippedCodebook {
  return Object.hasOwn(SHIPPED_CODEBOOKS, name);
}
