import { readdir } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import { cosmiconfig, defaultLoaders } from 'cosmiconfig';
import { ConfigError, PcError } from '../support/errors.js';
import { presetSource } from './presets.js';
import { type BaseResolver, type Source, treeSource, yamlSource } from './source.js';

/** Names that are looked for in a project's directory. */
export const PROJECT_FILES = ['yaml', 'yml', 'json', 'js', 'mjs', 'cjs', 'ts'].map(
  (extension) => `pc.config.${extension}`,
);

/** Formats whose lines are known; the others are programs that compute a value. */
const LOCATED = ['.yaml', '.yml', '.json'];

/** The project's `pc.config.*` in a directory, or undefined where there is none. */
export async function projectSource(cwd: string): Promise<Source | undefined> {
  await refuseTwoProjectFiles(cwd);
  const found = await loaded(cwd, () => explorer().search(cwd));
  return found && !found.isEmpty ? fileSource(found.filepath, found.config, cwd) : undefined;
}

/**
 * The settings of one file.
 *
 * @param file relative to `cwd`
 * @throws ConfigError if it is missing, empty, no mapping, or builds upon a preset that does not exist
 */
export async function namedFileSource(file: string, cwd: string): Promise<Source> {
  const found = await loaded(file, () => explorer().load(resolve(cwd, file)));
  if (!found || found.isEmpty)
    throw new ConfigError('this configuration file is empty', { file, hint: 'Write some settings, or leave it out.' });
  return fileSource(found.filepath, found.config, cwd);
}

/** Of several project files only one would be read, and the others silently ignored. */
async function refuseTwoProjectFiles(cwd: string): Promise<void> {
  const names = new Set(await readdir(cwd));
  const present = PROJECT_FILES.filter((name) => names.has(name));
  if (present.length < 2) return;
  throw new ConfigError(`there are several project configurations: ${present.join(', ')}`, {
    file: present[1]!,
    hint: 'Keep one of them.',
  });
}

function explorer() {
  const text = (_file: string, content: string): string => content;
  return cosmiconfig('pc', {
    searchPlaces: PROJECT_FILES,
    mergeSearchPlaces: false,
    ignoreEmptySearchPlaces: false,
    cache: false,
    loaders: {
      ...Object.fromEntries(LOCATED.map((extension) => [extension, text])),
      '.js': defaultLoaders['.js'],
      '.mjs': defaultLoaders['.js'],
      '.cjs': defaultLoaders['.cjs'],
      '.ts': defaultLoaders['.ts'],
    },
  });
}

async function loaded<T>(file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof PcError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (isMissing(error))
      throw new ConfigError(`the configuration file ${file} does not exist`, {
        hint: 'Check the path; `pc configs list` shows the presets that --preset takes.',
        cause: error,
      });
    throw new ConfigError(`the configuration cannot be loaded: ${reason}`, {
      file,
      hint: 'A configuration is YAML or JSON, or a JavaScript or TypeScript module with a default export.',
      cause: error,
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function fileSource(path: string, content: unknown, cwd: string): Source {
  const inside = relative(cwd, path);
  const file = inside.startsWith('..') ? path : inside;
  const baseNamed: BaseResolver = (name, at) => presetSource(name, { directory: dirname(path), chain: [], ...at });
  if (LOCATED.includes(extname(path))) return yamlSource('file', String(content), file, baseNamed);
  return treeSource('file', content, baseNamed, () => ({ label: file, file }));
}
