import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { DataError } from '../support/errors.js';

/** Bookkeeping of version control, and what `pc` has not finished writing: never source text. */
const NEVER_ENTERED = /^(?:\.git|\.hg|\.svn|\.pc-.*\.tmp)$/;

const IGNORE_FILE = '.gitignore';

/** Patterns of one `.gitignore`, which hold below the folder it stands in. */
interface IgnoreRules {
  /** Path of the folder below the root, with a final slash unless it is the root. */
  folder: string;
  patterns: Ignore;
}

/**
 * The regular files below `root` that no `.gitignore` excludes, as paths relative to it with `/` between names, each
 * folder in the order of its names. Symbolic links are not followed. A `.gitignore` above `root` has no say.
 *
 * @param without folders that are not entered
 * @throws DataError if `root` cannot be read; folders below it that cannot are left out
 */
export async function* walkSourceTree(root: string, without: readonly string[] = []): AsyncGenerator<string> {
  yield* walk(root, '', [], new Set(without.map((folder) => resolve(folder))));
}

async function* walk(
  root: string,
  folder: string,
  outer: readonly IgnoreRules[],
  without: ReadonlySet<string>,
): AsyncGenerator<string> {
  const entries = await entriesOf(root, folder);
  const own = entries.some((entry) => entry.name === IGNORE_FILE && entry.isFile());
  const rules = own ? [...outer, await readRules(root, folder)] : outer;
  for (const entry of entries) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      if (NEVER_ENTERED.test(entry.name) || without.has(resolve(root, path))) continue;
      if (!isIgnored(`${path}/`, rules)) yield* walk(root, `${path}/`, rules, without);
    } else if (entry.isFile() && !isIgnored(path, rules)) yield path;
  }
}

async function entriesOf(root: string, folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    if (folder !== '') return [];
    throw new DataError('the folder cannot be read', { file: root, hint: 'Check its name and permissions.', cause });
  }
}

async function readRules(root: string, folder: string): Promise<IgnoreRules> {
  const text = await readFile(join(root, folder, IGNORE_FILE), 'utf8').catch(() => '');
  return { folder, patterns: ignore().add(text) };
}

/** As in git, the innermost file that has anything to say about a path decides. */
function isIgnored(path: string, rules: readonly IgnoreRules[]): boolean {
  for (const { folder, patterns } of rules.toReversed()) {
    const { ignored, unignored } = patterns.test(path.slice(folder.length));
    if (ignored || unignored) return ignored;
  }
  return false;
}
