import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DataError } from '../support/errors.js';
import { packageRoot } from '../support/package-root.js';
import { walkSourceTree } from './source-tree.js';

/** Source code on this machine that a small model can be trained on. */
export interface SourceCandidate {
  /** As shown to the user: `the source code in this directory`. */
  title: string;
  directories: string[];
  /** Ends of the names of files that are taken, without the dot. */
  extensions: readonly string[];
}

/** Text that keeps a small model busy for its few minutes, in bytes. */
const ENOUGH = 4_000_000;

const CODE = [
  ...['c', 'cc', 'cpp', 'cs', 'cu', 'go', 'h', 'hpp', 'hs', 'java', 'jl', 'js', 'kt', 'lua', 'ml', 'mjs', 'php'],
  ...['pl', 'py', 'r', 'rb', 'rs', 'scala', 'sh', 'swift', 'ts', 'tsx', 'zig'],
];

/** Folders of a project that hold no source code of its own. */
const NOT_SOURCE = new Set(['build', 'data', 'dist', 'node_modules', 'out', 'runs', 'site-packages', 'target', 'venv']);

/** The ways to find source code, in the order they are tried. */
const CANDIDATES: readonly ((cwd: string) => Promise<SourceCandidate | undefined>)[] = [
  inDirectory,
  dependencies,
  pythonLibrary,
  nodeHeaders,
];

/**
 * The first source code on this machine that is enough to train a small model.
 *
 * @param enough bytes of text
 * @throws DataError if there is nowhere enough
 */
export async function findSourceCode(cwd: string, enough = ENOUGH): Promise<SourceCandidate> {
  for (const find of CANDIDATES) {
    const candidate = await find(cwd);
    if (candidate && (await holds(candidate, enough))) return candidate;
  }
  throw new DataError('there is not enough source code to be found on this machine', {
    hint: 'Choose a folder of text by --data DIR.',
  });
}

async function inDirectory(cwd: string): Promise<SourceCandidate> {
  const entries = await readdir(cwd, { withFileTypes: true });
  const folders = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !NOT_SOURCE.has(entry.name),
  );
  return {
    title: 'the source code in this directory',
    directories: folders.map(({ name }) => join(cwd, name)),
    extensions: CODE,
  };
}

/** The packages that this one depends on, wherever npm has put them. */
async function dependencies(): Promise<SourceCandidate> {
  const root = packageRoot();
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return {
    title: "the source code of this program's own dependencies",
    directories: Object.keys(manifest.dependencies).flatMap((name) => installed(name, root) ?? []),
    extensions: ['js', 'ts'],
  };
}

function installed(name: string, from: string): string | undefined {
  const directory = join(from, 'node_modules', name);
  if (existsSync(directory)) return directory;
  return from === dirname(from) ? undefined : installed(name, dirname(from));
}

async function pythonLibrary(): Promise<SourceCandidate | undefined> {
  const script = 'import sysconfig; print(sysconfig.get_paths()["stdlib"])';
  const answer = await promisify(execFile)('python3', ['-c', script]).catch(() => undefined);
  if (!answer) return undefined;
  return { ...(await inDirectory(answer.stdout.trim())), title: "Python's standard library", extensions: ['py'] };
}

async function nodeHeaders(): Promise<SourceCandidate | undefined> {
  const directory = join(dirname(dirname(process.execPath)), 'include', 'node');
  return existsSync(directory) ? { title: "Node's headers", directories: [directory], extensions: ['h'] } : undefined;
}

/** Whether the files that would be taken are at least so large in all. */
async function holds({ directories, extensions }: SourceCandidate, enough: number): Promise<boolean> {
  let bytes = 0;
  for (const directory of directories) {
    for await (const path of walkSourceTree(directory)) {
      if (!extensions.some((extension) => path.endsWith(`.${extension}`))) continue;
      bytes += await stat(join(directory, path)).then(
        ({ size }) => size,
        () => 0,
      );
      if (bytes >= enough) return true;
    }
  }
  return false;
}
