import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';
import { PluginError } from '../support/errors.js';
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

/** The registry of everything: built-in plugins first, then those that the user installed or linked, by name. */
export async function loadRegistry(config: Interfaces.Config): Promise<PluginRegistry> {
  const sources = [builtinSource(), ...(await installedSources(config))];
  return new PluginRegistry(sources, join(config.dataDir, 'artifacts'));
}

function builtinSource(): PluginSource {
  return { origin: { kind: 'built-in' }, entryUrl: BUILTIN_ENTRY, outcome: { manifest: builtin({ host }) } };
}

async function installedSources(config: Interfaces.Config): Promise<PluginSource[]> {
  // oclif's own timer does not keep the process alive: without this one, a plugin that never answers would end it.
  const keepAlive = setInterval(() => {}, ANSWER_TIMEOUT);
  try {
    const { successes, failures } = await config.runHook(PLUGIN_EVENT, { host }, ANSWER_TIMEOUT, true);
    const answers = [
      ...successes.map(({ plugin, result }) => toSource(plugin, { manifest: result })),
      ...failures.map(({ plugin, error }) => toSource(plugin, { error })),
    ];
    return answers.sort((a, b) => (a.entryUrl < b.entryUrl ? -1 : 1));
  } finally {
    clearInterval(keepAlive);
  }
}

function toSource(plugin: Interfaces.Plugin, outcome: PluginSource['outcome']): PluginSource {
  const hooks = plugin.hooks[PLUGIN_EVENT] ?? [];
  return {
    origin: {
      kind: plugin.type === 'link' ? 'linked' : 'installed',
      package: plugin.name,
      version: plugin.version,
      root: plugin.root,
    },
    entryUrl: entryUrl(plugin.root, hooks[0]?.target ?? ''),
    outcome: hooks.length === 1 ? outcome : { error: severalEntries(hooks.length) },
  };
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
