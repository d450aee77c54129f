import { commandLineSource, type FlagSetting } from './command-line.js';
import { namedFileSource, projectSource } from './files.js';
import { type MergedSettings, mergeSources } from './merge.js';
import { presetSource } from './presets.js';
import { configProblem } from './problems.js';
import { enforceRules } from './rules-check.js';
import { type Config, configSchema, runDirectory } from './schema.js';
import { DEFAULT_ORIGIN, dotted, leaves, type Origin, type Setting } from './setting.js';
import type { Source } from './source.js';

/** Where to look for settings. */
export interface ConfigRequest {
  /** Directory of the project file, and what relative paths start from. */
  cwd: string;
  /** Names of presets, lowest precedence first. */
  presets?: readonly string[];
  /** The file that `--config` names. */
  file?: string;
  /** `a.b=c`, each value read as YAML. */
  set?: readonly string[];
  /** Flags of the command that stand for settings. */
  flags?: readonly FlagSetting[];
}

export interface ResolvedConfig {
  config: Config;
  /** Where each value was written, by dotted name; every leaf of `config` has one. */
  origins: Origins;
}

export type Origins = ReadonlyMap<string, Origin>;

/**
 * The configuration of a run. Sources from lowest to highest precedence: defaults of the schema; presets (`extends` of
 * the project file, then of `--config`, then `--preset`); `pc.config.*`; the file of `--config`; the command line.
 *
 * @throws ConfigError naming file, line and dotted field of a setting that is unknown, wrong, unused or contradictory
 * @throws UsageError if the command line sets a value twice
 */
export async function loadConfig(request: ConfigRequest): Promise<ResolvedConfig> {
  return resolveSources(await gatherSources(request));
}

/** The sources of a configuration, lowest precedence first. @throws as `loadConfig`, for sources that cannot be read */
export async function gatherSources(request: ConfigRequest): Promise<Source[]> {
  const project = await projectSource(request.cwd);
  const named = request.file === undefined ? undefined : await namedFileSource(request.file, request.cwd);
  const presets = (request.presets ?? []).map((name) => presetSource(name, { directory: request.cwd, chain: [] }));
  return [
    ...(project?.bases ?? []).flatMap(withBases),
    ...(named?.bases ?? []).flatMap(withBases),
    ...presets.flatMap(withBases),
    ...(project ? [project] : []),
    ...(named ? [named] : []),
    commandLineSource(request.set ?? [], request.flags ?? []),
  ];
}

/**
 * A configuration that stands in one file, such as `runs/<name>/config.yaml`: the project file plays no part.
 *
 * @throws ConfigError as `loadConfig`
 */
export async function loadConfigFile(file: string, cwd = '.'): Promise<ResolvedConfig> {
  const source = await namedFileSource(file, cwd);
  return resolveSources([...source.bases.flatMap(withBases), source]);
}

/**
 * The configuration of a run that goes on: as it was written into the run, with what the command line changes. The
 * project file plays no part.
 *
 * @throws ConfigError, UsageError as `loadConfig`
 */
export async function loadRunConfig(
  file: string,
  { set = [], flags = [] }: Pick<ConfigRequest, 'set' | 'flags'>,
): Promise<ResolvedConfig> {
  const source = await namedFileSource(file, '.');
  return resolveSources([...withBases(source), commandLineSource(set, flags)]);
}

/**
 * The directory of the run that a request names. Nothing else of the request is looked at: a run that goes on has settings
 * of its own, and those of the project may have become others, or choose no model.
 *
 * @throws ConfigError for a name or a directory that is none, or sources that cannot be read; UsageError as `loadConfig`
 */
export async function namedRunDirectory(request: ConfigRequest): Promise<string> {
  const merged = mergeRanked(await gatherSources(request));
  const result = configSchema.pick({ name: true, output: true }).strip().safeParse(merged.tree());
  if (!result.success) throw configProblem(result.error, merged);
  return runDirectory(result.data);
}

/** A source after everything that it builds upon. */
export function withBases(source: Source): Source[] {
  return [...source.bases.flatMap(withBases), source];
}

/** Merges sources, lowest precedence first, and checks the result. */
export function resolveSources(sources: readonly Source[]): ResolvedConfig {
  const merged = mergeRanked(sources);
  const config = enforceRules(merged, () => parse(merged));
  return { config, origins: originsOf(config, merged) };
}

/** Merges sources, lowest precedence first, as they are written. */
export function mergeRanked(sources: readonly Source[]): MergedSettings {
  return mergeSources(sources.map(ranked));
}

function ranked({ kind, settings }: Source, index: number): Setting[] {
  return settings.map(({ path, value, ...place }) => ({ path, value, origin: { kind, rank: index + 1, ...place } }));
}

function parse(merged: MergedSettings): Config {
  const result = configSchema.safeParse(merged.tree());
  if (result.success) return result.data;
  throw configProblem(result.error, merged);
}

function originsOf(config: Config, merged: MergedSettings): Origins {
  return new Map(leaves(config).map(({ path }) => [dotted(path), merged.origin(path) ?? DEFAULT_ORIGIN]));
}
