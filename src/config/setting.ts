/**
 * A configuration source is a list of settings: leaves of a tree, each with its path and where it was written. Keeping
 * leaves flat makes merging one rule and gives every value an origin.
 */
export type SettingPath = readonly string[];

export type SourceKind = 'default' | 'preset' | 'file' | 'flag';

/** Where a value was written. */
export interface Origin {
  kind: SourceKind;
  /** As shown to the user: `default`, `preset evabyte-1m`, `pc.config.yaml:12`, `--set`, `--rate`. */
  label: string;
  /** Position of the source in the order of precedence; later sources win. Defaults are 0. */
  rank: number;
  file?: string;
  /** 1-based line within `file`. */
  line?: number;
}

export interface Setting {
  path: SettingPath;
  /** Anything but a mapping with keys: a scalar, null, a list or an empty mapping. */
  value: unknown;
  origin: Origin;
}

export const DEFAULT_ORIGIN: Origin = { kind: 'default', label: 'default', rank: 0 };

/** Dotted name of a setting, as typed after `--set`. */
export function dotted(path: SettingPath): string {
  return path.join('.');
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The leaves of a tree in the order they were written. */
export function leaves(tree: unknown, path: SettingPath = []): { path: SettingPath; value: unknown }[] {
  if (!isMapping(tree) || Object.keys(tree).length === 0) return [{ path, value: tree }];
  return Object.entries(tree).flatMap(([key, value]) => leaves(value, [...path, key]));
}

/** Whether `path` is `prefix` or lies below it. */
export function startsWith(path: SettingPath, prefix: SettingPath): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => path[index] === key);
}
