import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { DataError } from '../support/errors.js';
import { isDataset } from './dataset-directory.js';
import { MANIFEST } from './dataset-writer.js';

/** Bookkeeping of version control, and what `pc` has not finished writing: never source text. */
const NEVER_ENTERED = /^(?:\.git|\.hg|\.svn|\.pc-.*\.tmp)$/;

/** Why something in a tree is not walked: a folder counts once, whatever it holds. */
export type LeftOut = 'dataset' | 'hidden' | 'node_modules' | 'unreadable' | 'name not UTF-8';

export interface WalkOptions {
  /** Folders of datasets, which are not entered. */
  without?: readonly string[];
  /** Take what has a name that begins with a dot. */
  hidden?: boolean;
  leftOut?(reason: LeftOut): void;
}

interface Walk {
  /** Both without symbolic links, so that they compare. */
  root: string;
  without: ReadonlySet<string>;
  hidden: boolean;
  leftOut(reason: LeftOut): void;
}

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
 * Datasets of ours, dot files (but for `hidden`) and folders named `node_modules` are left out: below `root`, which may
 * itself have such a name. That it is a dataset leaves nothing.
 *
 * @throws DataError if `root` cannot be read; folders below it that cannot are left out
 */
export async function* walkSourceTree(root: string, options: WalkOptions = {}): AsyncGenerator<string> {
  const { without = [], hidden = false, leftOut = () => {} } = options;
  const walked = {
    root: await canonical(root),
    without: new Set(await Promise.all(without.map(canonical))),
    hidden,
    leftOut,
  };
  yield* walk(walked, '', []);
}

/** The reason that a path of the walk cannot be opened. Names that are not UTF-8 come with U+FFFD, which names no file. */
export function unopenedReason(path: string, cause: unknown): 'name not UTF-8' | 'unreadable' {
  const isGone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return isGone && path.includes('\ufffd') ? 'name not UTF-8' : 'unreadable';
}

async function canonical(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

async function* walk(walked: Walk, folder: string, outer: readonly IgnoreRules[]): AsyncGenerator<string> {
  const { root, leftOut } = walked;
  const entries = await entriesOf(walked, folder);
  const has = (name: string) => entries.some((entry) => entry.name === name && entry.isFile());
  if (has(MANIFEST) && (await isDataset(join(root, folder)))) {
    leftOut('dataset');
    return;
  }
  const rules = has(IGNORE_FILE) ? [...outer, await readRules(root, folder)] : outer;
  for (const entry of entries) {
    const isFolder = entry.isDirectory();
    if (!isFolder && !entry.isFile()) continue;
    if (isFolder && NEVER_ENTERED.test(entry.name)) continue;
    const path = `${folder}${entry.name}${isFolder ? '/' : ''}`;
    if (isIgnored(path, rules)) continue;
    const reason = unwanted(entry.name, join(root, folder, entry.name), isFolder, walked);
    if (reason !== null) leftOut(reason);
    else if (isFolder) yield* walk(walked, path, rules);
    else yield path;
  }
}

function unwanted(name: string, path: string, isFolder: boolean, { hidden, without }: Walk): LeftOut | null {
  if (!hidden && name.startsWith('.')) return 'hidden';
  if (!isFolder) return null;
  if (name === 'node_modules') return 'node_modules';
  return without.has(path) ? 'dataset' : null;
}

async function entriesOf({ root, leftOut }: Walk, folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    if (folder === '') {
      throw new DataError('the folder cannot be read', { file: root, hint: 'Check its name and permissions.', cause });
    }
    leftOut(unopenedReason(folder, cause));
    return [];
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
