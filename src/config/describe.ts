import { commandLineSource } from './command-line.js';
import {
  type ConfigRequest,
  gatherSources,
  mergeRanked,
  type ResolvedConfig,
  resolveSources,
  withBases,
} from './load.js';
import { presetSource } from './presets.js';
import { configProblem } from './problems.js';
import { configSchema } from './schema.js';
import { DEFAULT_ORIGIN, dotted, leaves, type Setting } from './setting.js';

/** One line of `pc configs show`. */
export interface DescribedSetting {
  name: string;
  value: unknown;
  /** `default`, `preset evabyte-1m`, `pc.config.yaml:12`, `--set`. */
  origin: string;
}

/** What `pc configs show` prints of the working directory. */
export interface DescribedConfig {
  settings: DescribedSetting[];
  /** Settings that no command can do without and that are not given. */
  missing: string[];
}

/**
 * The configuration that a request asks for, also where it chooses no model yet: then all else, and of the model what is
 * written.
 *
 * @throws ConfigError, UsageError as `loadConfig`, except that no model is chosen
 */
export async function describeRequest(request: ConfigRequest): Promise<DescribedConfig> {
  const sources = await gatherSources(request);
  const merged = mergeRanked(sources);
  if (merged.has(MODEL)) return { settings: describeConfig(resolveSources(sources)), missing: [] };
  const model = asWritten(merged.below(['model']));
  merged.remove(['model']);
  const parsed = configSchema.omit({ model: true }).safeParse(merged.tree());
  if (!parsed.success) throw configProblem(parsed.error, merged);
  const others = leaves(parsed.data).map(({ path, value }) => ({
    name: dotted(path),
    value,
    origin: (merged.origin(path) ?? DEFAULT_ORIGIN).label,
  }));
  return { settings: [...model, ...others], missing: [dotted(MODEL)] };
}

const MODEL = ['model', 'architecture'];

/** Every value of a configuration and where it came from, in the order of the schema. */
function describeConfig({ config, origins }: ResolvedConfig): DescribedSetting[] {
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
  if (merged.has(MODEL)) return describeConfig(resolveSources(sources));
  return asWritten(merged.below([]));
}

function asWritten(settings: readonly Setting[]): DescribedSetting[] {
  return settings.map(({ path, value, origin }) => ({ name: dotted(path), value, origin: origin.label }));
}
