import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';
import { PluginError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import builtin from './builtin.js';
import { BUILTIN_ENTRY } from './compressor-instance.js';
import { host } from './host.js';
import { PluginRegistry, type PluginSource } from './registry.js';

/** The oclif event that plugins listen to: `"oclif": { "hooks": { "pc:plugin": "./index.js" } }` in their package.json. */
const PLUGIN_EVENT = 'pc:plugin';

/** How long one plugin may take to answer, in milliseconds. */
const ANSWER_TIMEOUT = 10_000;

/** The registry of the plugins that come with this package alone. */
export function builtinRegistry(artifactsRoot: string): PluginRegistry {
  return new PluginRegistry([builtinSource()], artifactsRoot);
}

/**
 * The registry of everything: built-in plugins first, then those that the user installed or linked, in that order: of two
 * that clash, the one that was there before goes on working.
 *
 * @param answerTimeout how long one plugin may take to load and answer, in milliseconds
 */
export async function loadRegistry(
  config: Interfaces.Config,
  answerTimeout: number = ANSWER_TIMEOUT,
): Promise<PluginRegistry> {
  const plugins = [...config.plugins.values()].filter((plugin) => plugin.hooks[PLUGIN_EVENT] !== undefined);
  if (plugins.length > 1) {
    const order = await installationOrder(config.dataDir);
    plugins.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name) || (a.name < b.name ? -1 : 1));
  }
  const installed = await Promise.all(plugins.map((plugin) => ask(plugin, config, answerTimeout)));
  return new PluginRegistry([builtinSource(), ...installed], join(config.dataDir, 'artifacts'));
}

/** Packages as oclif's plugin manager lists them, oldest first; one that is installed again becomes the youngest. */
async function installationOrder(dataDirectory: string): Promise<string[]> {
  const text = await readFile(join(dataDirectory, 'package.json'), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '{}';
    throw error;
  });
  const { oclif } = JSON.parse(text) as { oclif?: { plugins?: (string | { name: string })[] } };
  return (oclif?.plugins ?? []).map((plugin) => (typeof plugin === 'string' ? plugin : plugin.name));
}

function builtinSource(): PluginSource {
  return { origin: { kind: 'built-in' }, entryUrl: BUILTIN_ENTRY, outcome: { manifest: builtin({ host }) } };
}

async function ask(plugin: Interfaces.Plugin, config: Interfaces.Config, timeout: number): Promise<PluginSource> {
  const hooks = plugin.hooks[PLUGIN_EVENT] ?? [];
  return {
    origin: {
      kind: plugin.type === 'link' ? 'linked' : 'installed',
      package: plugin.name,
      version: plugin.version,
      root: plugin.root,
    },
    entryUrl: entryUrl(plugin.root, hooks[0]?.target ?? ''),
    outcome: hooks.length === 1 ? await answer(plugin, config, timeout) : { error: severalEntries(hooks.length) },
  };
}

/** oclif's time limit covers the hook but not the loading of its module, so there is a second one here. */
async function answer(
  plugin: Interfaces.Plugin,
  config: Interfaces.Config,
  timeout: number,
): Promise<PluginSource['outcome']> {
  // oclif asks all plugins of a configuration at once; of a single one it is known which kept silent.
  const alone: Interfaces.Config = Object.assign(Object.create(config), { plugins: new Map([[plugin.name, plugin]]) });
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PluginError(`did not answer within ${timeout / 1000} s`)), timeout);
  });
  try {
    const { successes, failures } = await Promise.race([alone.runHook(PLUGIN_EVENT, { host }, timeout, true), silence]);
    return failures[0] === undefined ? { manifest: successes[0]?.result } : { error: failures[0].error };
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}

/** Worker threads import the hook by themselves; oclif accepts it without an extension, `import` does not. */
function entryUrl(root: string, target: string): string {
  const path = join(root, target);
  try {
    return pathToFileURL(createRequire(join(root, 'package.json')).resolve(path)).href;
  } catch {
    return pathToFileURL(path).href;
  }
}

function severalEntries(count: number): PluginError {
  return new PluginError(`its package.json lists ${count} hooks for "${PLUGIN_EVENT}"`, {
    hint: 'List one module; its manifest can define any number of compressors and backends.',
  });
}
