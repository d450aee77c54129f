import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from '../support/errors.js';
import { nearestName } from '../support/nearest-name.js';
import { packageRoot } from '../support/package-root.js';
import { type PresetFolder, RECIPE_VARIANTS, type RecipeVariant } from './recipe-variants.js';
import { dotted, leaves } from './setting.js';
import { type BaseResolver, type Source, yamlSource } from './source.js';

/*
 * Presets are named configurations that ship with the package:
 *
 *     configs/models/    an architecture with the optimizer and batch that suit its size
 *     configs/proxies/   what is fed to it: compressor, mix, rate, vocabulary, heads — for a model of any size
 *     configs/recipes/   whole runs, among them each of the reference's training scripts
 *
 * A recipe and a proxy also have variants, which a rule derives (`recipe-variants.ts`).
 */

export interface Preset {
  name: string;
  folder: PresetFolder;
  /** First line of its leading comment. */
  summary: string;
  /** The rule that derives it from the preset named by the rest of its name. */
  variantOf?: string;
}

const FOLDERS: readonly PresetFolder[] = ['models', 'proxies', 'recipes'];

/** Every preset, variants included, by folder and name. */
export function listPresets(): Preset[] {
  return FOLDERS.flatMap((folder) =>
    filesOf(folder).flatMap(({ name, path }) => {
      const preset: Preset = { name, folder, summary: summaryOf(readFileSync(path, 'utf8')) };
      const variants = RECIPE_VARIANTS.filter(({ folders }) => folders.includes(folder));
      return [
        preset,
        ...variants.map(({ suffix, summary }) => ({
          name: `${name}${suffix}`,
          folder,
          summary: `${name}, ${summary}`,
          variantOf: name,
        })),
      ];
    }),
  );
}

function filesOf(folder: PresetFolder): { name: string; path: string }[] {
  const directory = join(packageRoot(), 'configs', folder);
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.yaml'.length), path: join(directory, file) }));
}

function summaryOf(text: string): string {
  return /^#\s*(.*)/.exec(text)?.[1]?.replace(/\.$/, '') ?? '';
}

/** Who asks for a preset, for paths and errors. */
export interface PresetReference {
  /** Directory that a path is relative to. */
  directory: string;
  /** Names of the presets that led here, to find circles. */
  chain: readonly string[];
  file?: string;
  line?: number;
}

/**
 * A preset by its name, or a configuration file by its path (one that begins with `.` or `/`).
 *
 * @throws ConfigError for a name that does not exist, with the nearest one; and for presets that extend each other
 */
export function presetSource(name: string, from: PresetReference): Source {
  const place = {
    ...(from.file !== undefined && { file: from.file }),
    ...(from.line !== undefined && { line: from.line }),
  };
  const path = name.startsWith('.') || isAbsolute(name) ? resolve(from.directory, name) : undefined;
  const key = path ?? name;
  if (from.chain.includes(key))
    throw new ConfigError(`${[...from.chain, key].join(' extends ')}: a circle`, {
      ...place,
      field: 'extends',
      hint: 'Remove one of them.',
    });
  const chain = [...from.chain, key];
  if (path !== undefined) {
    if (!existsSync(path))
      throw new ConfigError(`${name} does not exist`, {
        ...place,
        field: 'extends',
        hint: `It was looked for at ${path}.`,
      });
    return yamlSource('file', readFileSync(path, 'utf8'), name, basesOf(dirname(path), chain));
  }
  return bundledSource(name, chain) ?? unknownPreset(name, place);
}

function basesOf(directory: string, chain: readonly string[]): BaseResolver {
  return (name, at) => presetSource(name, { directory, chain, ...at });
}

function bundledSource(name: string, chain: readonly string[]): Source | undefined {
  for (const folder of FOLDERS) {
    const file = filesOf(folder).find((preset) => preset.name === name);
    if (!file) continue;
    const text = readFileSync(file.path, 'utf8');
    return yamlSource(
      'preset',
      text,
      `configs/${folder}/${name}.yaml`,
      basesOf(dirname(file.path), chain),
      `preset ${name}`,
    );
  }
  return RECIPE_VARIANTS.filter(({ suffix }) => name.endsWith(suffix))
    .map((variant) => variantSource(name, variant, chain))
    .find((source) => source !== undefined);
}

/** The base preset, with the variant's own settings on top of it. */
function variantSource(name: string, variant: RecipeVariant, chain: readonly string[]): Source | undefined {
  const base = bundledSource(name.slice(0, -variant.suffix.length), chain);
  const overlay = base && variant.overlay((path) => lastValue(base, path));
  if (!overlay) return undefined;
  const label = `preset ${name}`;
  return { kind: 'preset', bases: [base], settings: leaves(overlay).map((leaf) => ({ ...leaf, label })) };
}

/** The value that a source and those it builds upon give to a setting. */
function lastValue(source: Source, path: string): unknown {
  const own = source.settings.findLast((setting) => dotted(setting.path) === path);
  if (own) return own.value;
  return source.bases.map((base) => lastValue(base, path)).findLast((value) => value !== undefined);
}

function unknownPreset(name: string, place: { file?: string; line?: number }): never {
  const nearest = nearestName(
    name,
    listPresets().map((preset) => preset.name),
  );
  throw new ConfigError(`there is no preset "${name}"`, {
    ...place,
    field: 'extends',
    hint: nearest ? `Did you mean ${nearest}?` : '`pc configs list` shows all of them; a path begins with ./',
  });
}
