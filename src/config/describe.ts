import { commandLineSource } from './command-line.js';
import { mergeRanked, type ResolvedConfig, resolveSources, withBases } from './load.js';
import { presetSource } from './presets.js';
import { dotted, leaves } from './setting.js';

/** One line of `pc configs show`. */
export interface DescribedSetting {
  name: string;
  value: unknown;
  /** `default`, `preset evabyte-1m`, `pc.config.yaml:12`, `--set`. */
  origin: string;
}

/** Every value of a configuration and where it came from, in the order of the schema. */
export function describeConfig({ config, origins }: ResolvedConfig): DescribedSetting[] {
  return leaves(config).map(({ path, value }) => {
    const name = dotted(path);
    return { name, value, origin: origins.get(name)?.label ?? 'default' };
  });
}

/**
 * A preset on its own. One that chooses a model is shown with all defaults; a part of a configuration, such as a
 * proxy, is shown as it is written, since what it leaves open depends on the model it is used with.
 *
 * @throws ConfigError if there is no such preset
 */
export function describePreset(
  name: string,
  { presets, set }: { presets: readonly string[]; set: readonly string[] },
): DescribedSetting[] {
  const sources = [
    ...[name, ...presets].flatMap((each) => withBases(presetSource(each, { directory: process.cwd(), chain: [] }))),
    commandLineSource(set, []),
  ];
  const merged = mergeRanked(sources);
  if (merged.has(['model', 'architecture'])) return describeConfig(resolveSources(sources));
  return merged.below([]).map(({ path, value, origin }) => ({ name: dotted(path), value, origin: origin.label }));
}
