import type { z } from 'zod';
import { nearestName } from './nearest-name.js';

/** What a schema found wrong with one value. */
export type SchemaIssue = z.core.$ZodIssue;

/** The issue to tell of. Unknown names come first: the missing or wrong value beside one is often its consequence. */
export function firstIssue({ issues }: z.ZodError): SchemaIssue {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
}

/** Whether a value that was not given explains the issue. */
export function isAbsence(issue: SchemaIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}

/** What the value must be, as a predicate: `must be at most 9`, `must be one of pako, native`. */
export function expectation(issue: SchemaIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return mustBeOneOf(issue.values.map(String));
    case 'invalid_union':
      return optionsOf(issue).length > 0 ? mustBeOneOf(optionsOf(issue)) : 'has the wrong type';
    case 'too_small':
      return bounded(issue.origin, issue.inclusive === false ? 'greater than' : 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

/** The choice that was most likely meant by a value that is none; undefined where the issue is about no choice. */
export function nearestChoice(issue: SchemaIssue, value: unknown): string | undefined {
  return typeof value === 'string' ? nearestName(value, optionsOf(issue)) : undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** What the bound of a value that is no number counts. */
const COUNTED: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
};

function bounded(origin: string, relation: string, bound: number | bigint): string {
  const counted = COUNTED[origin];
  return counted === undefined
    ? `must be ${relation} ${bound}`
    : `must have ${relation} ${bound} ${counted[Number(bound) === 1 ? 0 : 1]}`;
}

function mustBeOneOf(values: readonly string[]): string {
  return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
}

/** The values that may be chosen, or that select a variant. */
function optionsOf(issue: SchemaIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}
