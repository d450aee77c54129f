import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodebookError } from '../support/errors.js';
import { packageRoot } from '../support/package-root.js';
import { ENTROPY_TABLE_EXTENSION } from './entropy-table.js';

/** Codebooks that the package ships, by name, and what they are. */
export const SHIPPED_CODEBOOKS = {
  'code-16': 'windows of 16 bits, strict, made for permissively licensed source code',
  'code-12': 'windows of 12 bits, strict, made for permissively licensed source code',
} as const satisfies Record<string, string>;

export type ShippedCodebook = keyof typeof SHIPPED_CODEBOOKS;

export const DEFAULT_CODEBOOK: ShippedCodebook = 'code-16';

/** What the names of codebook files end with. */
export const CODEBOOK_EXTENSION = '.codebook';

/** The entropy table that the package ships. */
export const DEFAULT_ENTROPY_TABLE = 'code';

/**
 * The path of a codebook that is given by the name of a shipped one, or by a path. What exists at the path `name` comes
 * first, so that a file is not hidden by a name that a later version ships; `./code-16` says the same outright.
 *
 * @throws CodebookError if there is neither
 */
export function resolveCodebook(nameOrPath: string): string {
  const path = resolveShipped(nameOrPath, Object.keys(SHIPPED_CODEBOOKS), CODEBOOK_EXTENSION);
  if (path !== null) return path;
  throw new CodebookError(`there is no codebook ${nameOrPath}`, {
    file: nameOrPath,
    hint: `Make one with \`pc codebook build DATA --output ${withExtension(nameOrPath, CODEBOOK_EXTENSION)}\`, or name one that is shipped: ${Object.keys(SHIPPED_CODEBOOKS).join(', ')}.`,
  });
}

/** As `resolveCodebook`, for the table of entropies that documents are cut by. @throws CodebookError if there is neither */
export function resolveEntropyTable(nameOrPath: string): string {
  const path = resolveShipped(nameOrPath, [DEFAULT_ENTROPY_TABLE], ENTROPY_TABLE_EXTENSION);
  if (path !== null) return path;
  throw new CodebookError(`there is no entropy table ${nameOrPath}`, {
    file: nameOrPath,
    hint: `Make one with \`pc codebook segmentation DATA --output ${withExtension(nameOrPath, ENTROPY_TABLE_EXTENSION)}\`, or name the one that is shipped: ${DEFAULT_ENTROPY_TABLE}.`,
  });
}

function resolveShipped(nameOrPath: string, shipped: readonly string[], extension: string): string | null {
  if (existsSync(nameOrPath)) return nameOrPath;
  if (!shipped.includes(nameOrPath)) return null;
  const path = join(packageRoot(), 'artifacts', 'codebooks', `${nameOrPath}${extension}`);
  return existsSync(path) ? path : null;
}

const withExtension = (path: string, extension: string): string =>
  path.endsWith(extension) ? path : `${path}${extension}`;
