import { ConfigError } from '../support/errors.js';
import { isMapping, leaves, type SettingPath, type SourceKind } from './setting.js';
import { parseLocatedYaml } from './yaml.js';

/** One place that settings are written in; its rank is known once all sources are put in order. */
export interface Source {
  kind: SourceKind;
  settings: SourceSetting[];
  /** Presets that it builds upon, in order of precedence, each already expanded. */
  bases: Source[];
}

export interface SourceSetting {
  path: SettingPath;
  value: unknown;
  /** `preset evabyte-1m`, `pc.config.yaml:12`, `--set`, `--rate`. */
  label: string;
  file?: string;
  line?: number;
}

/** Where a setting was written, before its source has a rank. */
export type Place = Pick<SourceSetting, 'label' | 'file' | 'line'>;

/** Finds the preset that `extends` names at a place. */
export type BaseResolver = (name: string, at: { file?: string; line?: number }) => Source;

/**
 * A source in YAML or JSON.
 *
 * @param file as named in errors and origins
 * @param label of every setting, instead of its file and line
 */
export function yamlSource(
  kind: SourceKind,
  text: string,
  file: string,
  baseNamed: BaseResolver,
  label?: string,
): Source {
  const { value, lineOf } = parseLocatedYaml(text, file);
  return treeSource(kind, value ?? {}, baseNamed, (path) => {
    const line = lineOf(path);
    const position = { file, ...(line !== undefined && { line }) };
    return { label: label ?? (line === undefined ? file : `${file}:${line}`), ...position };
  });
}

/** A source that is a tree of settings with, at its top, the names of the presets that it builds upon. */
export function treeSource(
  kind: SourceKind,
  tree: unknown,
  baseNamed: BaseResolver,
  placeOf: (path: SettingPath) => Place,
): Source {
  if (!isMapping(tree)) {
    throw new ConfigError('a configuration must be a mapping of settings', {
      ...location(placeOf([])),
      hint: 'Write settings as `name: value`, one a line.',
    });
  }
  const { extends: bases, ...settings } = tree;
  const names = presetNames(bases, placeOf);
  return {
    kind,
    bases: names.map((name) => baseNamed(name, location(placeOf(['extends'])))),
    settings:
      Object.keys(settings).length === 0
        ? []
        : leaves(settings).map(({ path, value }) => ({ path, value, ...placeOf(path) })),
  };
}

function presetNames(value: unknown, placeOf: (path: SettingPath) => Place): string[] {
  if (value === undefined || value === null) return [];
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (names.every((name) => typeof name === 'string')) return names;
  throw new ConfigError('extends must be the name of a preset, a path, or a list of them', {
    ...location(placeOf(['extends'])),
    field: 'extends',
    hint: 'For example `extends: [evabyte-1m, gzip-proxy]`; `pc configs list` shows the names.',
  });
}

function location({ file, line }: Place): { file?: string; line?: number } {
  return { ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
}
