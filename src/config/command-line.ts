import { UsageError } from '../support/errors.js';
import { dotted, leaves, type SettingPath, startsWith } from './setting.js';
import type { Source, SourceSetting } from './source.js';
import { parseTypedValue } from './yaml.js';

/** A setting that a command's own flag stands for. */
export interface FlagSetting {
  /** As typed: `--rate`. */
  flag: string;
  path: SettingPath;
  value: unknown;
}

/**
 * The settings given on the command line: `--set a.b=c` with the value read as YAML, and flags that stand for settings.
 *
 * @throws UsageError for a setting without a name or value, or given twice
 */
export function commandLineSource(assignments: readonly string[], flags: readonly FlagSetting[]): Source {
  const settings = [
    ...assignments.flatMap(assignment),
    ...flags.map(({ flag, path, value }): SourceSetting => ({ path, value, label: flag })),
  ];
  for (const [index, { path, label }] of settings.entries()) {
    const other = settings
      .slice(0, index)
      .find((earlier) => startsWith(earlier.path, path) || startsWith(path, earlier.path));
    if (other)
      throw new UsageError(`${dotted(path)} is given twice on the command line`, {
        field: dotted(path),
        hint: other.label === label ? `Keep one ${label}.` : `Keep either ${other.label} or ${label}.`,
      });
  }
  return { kind: 'flag', settings, bases: [] };
}

function assignment(text: string): SourceSetting[] {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(at, 0)).trim().split('.');
  if (at < 0 || path.includes(''))
    throw new UsageError(`--set ${text} does not assign a value to a setting`, {
      hint: 'Write --set name.of.setting=value, such as --set optim.learningRate=9e-4.',
    });
  const value = parseTypedValue(text.slice(at + 1));
  return leaves(value, path).map((leaf) => ({ ...leaf, label: '--set' }));
}
