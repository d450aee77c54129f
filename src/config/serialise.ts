import { Document, isMap, isPair, isScalar, parseDocument, visit } from 'yaml';
import type { Origins } from './load.js';
import { RULES } from './rules.js';
import type { Config } from './schema.js';
import { dotted, isMapping, leaves, type SettingPath } from './setting.js';
import { YAML_OPTIONS } from './yaml.js';

/**
 * The configuration as YAML, each value followed by a comment that tells where it came from. Read again by
 * `loadConfigFile`, it gives the same configuration: settings that this one does not use are left out, since they would
 * be refused as unused.
 */
export function serialiseConfig(config: Config, origins: Origins): string {
  const document = new Document(usedSettings(config), YAML_OPTIONS);
  visit(document, {
    Pair(_key, pair, ancestors) {
      if (!isScalar(pair.value) || !isScalar(pair.key)) return;
      const path = [...ancestors, pair]
        .filter(isPair)
        .map((ancestor) => String(isScalar(ancestor.key) && ancestor.key.value));
      const origin = origins.get(dotted(path));
      if (origin && origin.kind !== 'default') pair.value.comment = ` ${origin.label}`;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** One line of a serialised configuration. */
export interface SerialisedSetting {
  path: SettingPath;
  value: unknown;
  /** Where the value came from, as its comment tells; undefined for a default. */
  origin: string | undefined;
}

/** The settings of a file that `serialiseConfig` wrote, for a reader who shows them without judging them. */
export function readSerialisedConfig(text: string): SerialisedSetting[] {
  const document = parseDocument(text, YAML_OPTIONS);
  return leaves(document.toJS()).map(({ path, value }) => {
    const node = document.getIn(path, true);
    const comment = isScalar(node) ? node.comment?.trim() : isMap(node) ? node.comment?.trim() : undefined;
    return { path, value, origin: comment || undefined };
  });
}

function usedSettings(config: Config): Record<string, unknown> {
  const unused = RULES.flatMap((rule) => (rule.kind === 'unused' && rule.when(config) ? rule.fields(config) : []));
  return without(config, unused, []);
}

function without(
  tree: Record<string, unknown>,
  unused: readonly SettingPath[],
  at: SettingPath,
): Record<string, unknown> {
  const dropped = new Set(unused.map(dotted));
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => !dropped.has(dotted([...at, key])))
      .map(([key, value]) => [key, isMapping(value) ? without(value, unused, [...at, key]) : value]),
  );
}
