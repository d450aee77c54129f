import type { z } from 'zod';
import { ConfigError, type ErrorLocation } from '../support/errors.js';
import { expectation, firstIssue, isAbsence, nearestChoice, type SchemaIssue } from '../support/schema-issues.js';
import type { MergedSettings } from './merge.js';
import { dotted, type SettingPath } from './setting.js';
import { settingsIn, similarSettings } from './suggestions.js';

const HINT =
  '`pc configs show` prints each setting with its value and where it was written; `pc configs show PRESET` those of a preset.';

/** How to come by a model. */
export const CHOOSE_A_MODEL = 'Run `pc init` for a project with a small model, or give --preset evabyte-1m.';

/** What is wrong with a configuration, as one error about its first problem. */
export function configProblem(error: z.ZodError, merged: MergedSettings): ConfigError {
  const issue = firstIssue(error);
  if (issue.code === 'unrecognized_keys') return unknownSetting([...pathOf(issue), issue.keys[0]!], merged);
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
  const chosen = merged.value(['model', 'architecture']);
  const architecture = typeof chosen === 'string' ? chosen : undefined;
  return new ConfigError(`there is no setting ${dotted(path)}`, {
    ...locationOf(path, merged),
    hint: suggestion(path, merged, architecture),
  });
}

function suggestion(path: SettingPath, merged: MergedSettings, architecture: string | undefined): string {
  // Of an unknown mapping, what was written in it may be known elsewhere: `training.steps`.
  for (const unknown of [path, ...merged.below(path).map((setting) => setting.path)]) {
    const similar = similarSettings(unknown, architecture);
    if (similar.length > 0) return `Did you mean ${similar.join(' or ')}?`;
  }
  const mapping = path.slice(0, -1);
  const names = settingsIn(mapping, architecture).map((each) => each.at(-1)!);
  return `${mapping.length === 0 ? 'There are' : `${dotted(mapping)} has`}: ${names.join(', ')}. \`pc configs show\` lists every setting.`;
}

function wrongValue(path: SettingPath, issue: SchemaIssue, merged: MergedSettings): ConfigError {
  const field = dotted(path);
  const at = locationOf(path, merged);
  const written = merged.below(path);
  if (path[0] === 'model' && path.length <= 2 && merged.below(['model', 'architecture']).length === 0)
    return new ConfigError('no model is chosen: model.architecture is not set', {
      field: 'model.architecture',
      hint: CHOOSE_A_MODEL,
    });
  if (written.length === 0 && isAbsence(issue))
    return new ConfigError(`${field} is missing`, {
      ...at,
      hint: `Set it, or leave out ${dotted(path.slice(0, -1))}.`,
    });

  const value = written.length === 1 && written[0]!.path.length === path.length ? written[0]!.value : undefined;
  const nearest = nearestChoice(issue, value);
  const given = written.length === 0 || value === undefined ? '' : ` (it is ${JSON.stringify(value)})`;
  return new ConfigError(`${field}: ${expectation(issue)}${given}`, {
    ...at,
    hint: nearest === undefined ? HINT : `Did you mean ${nearest}?`,
  });
}

/** Keys of records may be numbers to zod; a path of ours is made of names. */
function pathOf(issue: SchemaIssue): SettingPath {
  return issue.path.map(String);
}
