import type { PluginRegistry } from '../../plugins/registry.js';

/** A line for every plugin of third parties that works: what it adds to `pc`. */
export function describeInstalledPlugins(registry: PluginRegistry): string[] {
  return registry.describeInstalled().map(({ plugin, gives }) => `${plugin} gives ${gives.join(', ')}`);
}

/** Lines for every plugin that is left out: its name, the reason, and what to do. */
export function describePluginProblems(registry: PluginRegistry): string[] {
  return registry
    .describeProblems()
    .flatMap(({ plugin, reason, hint }) => [
      `Warning: the plugin ${plugin} is left out: ${reason}`,
      ...(hint === null ? [] : [`  ${hint}`]),
    ]);
}
