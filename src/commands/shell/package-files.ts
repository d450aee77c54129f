import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Hook } from '@oclif/core';
import { UsageError } from '../../support/errors.js';
import { tellFailure } from './tell-failure.js';

/**
 * Has `pc plugins install` take the path of a package file: oclif's plugin manager reads what has a slash as a repository
 * on GitHub, and a path behind `file:` as one in its own folder.
 */
const hook: Hook.Prerun = async function ({ Command, argv, config }) {
  if (Command.id !== 'plugins:install') return;
  try {
    // The command is given this very array.
    for (const [index, argument] of argv.entries()) argv[index] = await packageArgument(argument, config.bin);
  } catch (error) {
    this.exit(tellFailure(error, argv));
  }
};
export default hook;

/** As npm tells paths from names of packages. */
const PATH = /^(?:file:|\.{1,2}[\\/]|[\\/]|[a-z]:[\\/])|\.(?:tgz|tar|tar\.gz)$/i;
const ADDRESS = /^[a-z][a-z+.-]+:/i;

/**
 * What npm is to install for an argument: the path of a package file becomes `file:` and its absolute path, all else stays.
 *
 * @throws UsageError for a file that is not there, and for a folder
 */
export async function packageArgument(argument: string, bin: string): Promise<string> {
  const isAddress = ADDRESS.test(argument) && !/^file:(?!\/\/)/.test(argument);
  if (isAddress || /^[-@]/.test(argument)) return argument;
  const isPath = PATH.test(argument);
  if (!isPath && !argument.includes('/')) return argument;
  const path = argument.replace(/^file:/, '');
  const stats = await stat(path).catch(() => null);
  if (stats === null) {
    if (!isPath) return argument;
    throw new UsageError('there is no such package file', {
      file: path,
      hint: '`npm pack` makes one of a folder. A package of the registry is given by its name alone.',
    });
  }
  if (stats.isDirectory()) {
    throw new UsageError('this is a folder, not a package file', {
      file: path,
      hint: `\`${bin} plugins link ${path}\` takes it from where it lies; \`npm pack ${path}\` makes a file of it.`,
    });
  }
  return `file:${resolve(path)}`;
}
