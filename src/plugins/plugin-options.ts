import { z } from 'zod';
import { ConfigError } from '../support/errors.js';
import { nearestName } from '../support/nearest-name.js';
import { expectation, firstIssue, isAbsence, nearestChoice } from '../support/schema-issues.js';

/** One setting of a plugin, as `pc compressors show` and `pc backends show` list it. */
export interface OptionDescription {
  /** Dotted path below the plugin: `level`, `cache.size`. */
  name: string;
  /** `integer, 0 to 9`, `pako | native`. */
  type: string;
  default?: unknown;
  description?: string;
}

/**
 * Checks options given by the user and fills in defaults.
 *
 * @param path where the options stand in the configuration: `compressors.gzip`, `backend`
 * @param show the command that lists them
 * @throws ConfigError naming the setting
 */
export function parsePluginOptions<Options>(
  schema: z.ZodType<Options>,
  options: unknown,
  path: string,
  show = `pc ${path.replace('.', ' show ')}`,
): Options {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const { error } = parsed;
  const issue = firstIssue(error);
  const at = [path, ...issue.path.map(String)].join('.');
  const listing = `\`${show}\` lists the options.`;
  if (issue.code !== 'unrecognized_keys') {
    const value = valueAt(options, issue.path);
    const choice = nearestChoice(issue, value);
    const given = value === undefined || isMapping(value) ? '' : ` (it is ${JSON.stringify(value)})`;
    const missing = value === undefined && isAbsence(issue);
    throw new ConfigError(missing ? `${at} is missing` : `${at}: ${expectation(issue)}${given}`, {
      field: at,
      hint: choice === undefined ? listing : `Did you mean ${choice}?`,
      cause: error,
    });
  }
  const field = `${at}.${issue.keys[0]!}`;
  const within = [...issue.path.map(String), ''].join('.');
  const siblings = describeOptions(schema).flatMap((option) =>
    option.name.startsWith(within) ? [option.name.slice(within.length)] : [],
  );
  const nearest = nearestName(issue.keys[0]!, siblings);
  throw new ConfigError(`there is no option ${field}`, {
    field,
    hint: nearest === undefined ? listing : `Did you mean ${at}.${nearest}? ${listing}`,
    cause: error,
  });
}

/** What the user gave at a path; undefined where nothing is. */
function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, key) => (isMapping(node) ? node[key] : undefined), options);
}

function isMapping(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The options of a schema with their types, defaults and descriptions, in the order of their declaration. */
export function describeOptions(schema: z.ZodType): OptionDescription[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return describeProperties(json, '');
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function describeProperties(schema: JsonSchema, prefix: string): OptionDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]): OptionDescription[] => {
    if (typeof property === 'boolean') return [{ name: prefix + key, type: 'any' }];
    if (property.properties !== undefined) return describeProperties(property, `${prefix}${key}.`);
    return [
      {
        name: prefix + key,
        type: describeType(property),
        ...('default' in property && { default: property.default }),
        ...(property.description !== undefined && { description: property.description }),
      },
    ];
  });
}

function describeType(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return union.map((member) => describeMember(member)).join(' | ');
  if (schema.type === undefined) return 'any';
  if (schema.type === 'array' && schema.items !== undefined && !Array.isArray(schema.items))
    return `list of ${describeMember(schema.items)}`;
  return `${schema.type}${describeRange(schema)}`;
}

function describeMember(schema: JsonSchema | boolean): string {
  return typeof schema === 'boolean' ? 'any' : describeType(schema);
}

/** Bounds that JSON Schema writes for every integer, and that tell the user nothing. */
const isBound = (bound: number | boolean | undefined): bound is number =>
  typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function describeRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const low = isBound(minimum) ? `${minimum}` : isBound(exclusiveMinimum) ? `above ${exclusiveMinimum}` : undefined;
  const high = isBound(maximum) ? `${maximum}` : isBound(exclusiveMaximum) ? `below ${exclusiveMaximum}` : undefined;
  if (low !== undefined && high !== undefined) return `, ${low} to ${high}`;
  if (low !== undefined) return low.startsWith('above') ? `, ${low}` : `, at least ${low}`;
  if (high !== undefined) return high.startsWith('below') ? `, ${high}` : `, at most ${high}`;
  return '';
}
