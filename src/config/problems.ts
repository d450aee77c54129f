import type { z } from 'zod';
import { ConfigError, type ErrorLocation } from '../support/errors.js';
import { nearestName } from '../support/nearest-name.js';
import { nearestField } from './fields.js';
import type { MergedSettings } from './merge.js';
import { dotted, type SettingPath } from './setting.js';

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a configuration, as one error about its first problem. Unknown names come first: the missing or
 * wrong value beside one is often its consequence.
 */
export function configProblem(error: z.ZodError, merged: MergedSettings): ConfigError {
  const unknown = error.issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown) return unknownSetting([...pathOf(unknown), unknown.keys[0]!], merged);
  const issue = error.issues[0]!;
  return wrongValue(pathOf(issue), issue, merged);
}

/** File and line where a setting was written, as far as they are known, and its dotted name. */
export function locationOf(path: SettingPath, merged: MergedSettings): ErrorLocation {
  const origin = merged.origin(path);
  return {
    ...(origin?.file !== undefined && { file: origin.file }),
    ...(origin?.line !== undefined && { line: origin.line }),
    field: dotted(path),
  };
}

function unknownSetting(path: SettingPath, merged: MergedSettings): ConfigError {
  const architecture = merged.value(['model', 'architecture']);
  const nearest = nearestField(path, typeof architecture === 'string' ? architecture : undefined);
  return new ConfigError(`there is no setting ${dotted(path)}`, {
    ...locationOf(path, merged),
    hint: nearest ? `Did you mean ${nearest}?` : '`pc configs show` lists every setting.',
  });
}

function wrongValue(path: SettingPath, issue: Issue, merged: MergedSettings): ConfigError {
  const field = dotted(path);
  const at = locationOf(path, merged);
  const written = merged.below(path);
  if (path[0] === 'model' && path.length <= 2 && merged.below(['model', 'architecture']).length === 0)
    return new ConfigError('no model is chosen: model.architecture is not set', {
      field: 'model.architecture',
      hint: 'Run `pc init` for a project with a small model, or give --preset evabyte-1m.',
    });
  if (written.length === 0 && isAbsent(issue))
    return new ConfigError(`${field} is missing`, {
      ...at,
      hint: `Set it, or leave out ${dotted(path.slice(0, -1))}.`,
    });

  const value = written.length === 1 && written[0]!.path.length === path.length ? written[0]!.value : undefined;
  const given = written.length === 0 || value === undefined ? '' : ` (it is ${JSON.stringify(value)})`;
  return new ConfigError(`${field}: ${expectation(issue)}${given}`, { ...at, hint: suggestion(issue, value) });
}

function isAbsent(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${describeType(issue.expected)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return optionsOf(issue).length > 0 ? `must be one of ${optionsOf(issue).join(', ')}` : 'has the wrong type';
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'greater than'} ${issue.minimum}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
};

function describeType(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

/** The values that select a variant, where an issue is about that choice. */
function optionsOf(issue: Issue): string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function suggestion(issue: Issue, value: unknown): string {
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : optionsOf(issue);
  const nearest = typeof value === 'string' ? nearestName(value, options) : undefined;
  return nearest
    ? `Did you mean ${nearest}?`
    : '`pc configs show` prints each setting with its value and where it was written; `pc configs show PRESET` those of a preset.';
}

/** Keys of records may be numbers to zod; a path of ours is made of names. */
function pathOf(issue: Issue): SettingPath {
  return issue.path.map(String);
}
