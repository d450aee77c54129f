import { z } from 'zod';
import { configSchema } from './schema.js';
import type { SettingPath } from './setting.js';

/** One setting that the schema knows, for help, documentation and suggestions. */
export interface Field {
  path: SettingPath;
  description: string;
  /** What may be written: `integer`, `cosine | wsd`, `number or null`. */
  type: string;
  /** undefined where the setting must be given. */
  default: unknown;
  /** Any key may follow: source folders, options of plugins. */
  open: boolean;
}

/** The parts of a JSON Schema that describe the configuration. */
interface SchemaNode {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  description?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: boolean | SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
}

let catalogue: Field[] | undefined;

/** Every setting in the order of the schema; a setting of several architectures appears once for each. */
export function configFields(): readonly Field[] {
  catalogue ??= fieldsOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode, []);
  return catalogue;
}

function fieldsOf(node: SchemaNode, path: SettingPath): Field[] {
  const alternatives = node.oneOf ?? node.anyOf ?? [];
  const mappings = [node, ...alternatives].filter(({ properties }) => properties !== undefined);
  const inner = mappings.flatMap(({ properties }) =>
    Object.entries(properties!).flatMap(([key, child]) => fieldsOf(child, [...path, key])),
  );
  const open = [node, ...alternatives].some(
    ({ type, additionalProperties }) => type === 'object' && additionalProperties !== false,
  );
  const optionalMapping = alternatives.some(({ type }) => type === 'null');
  if (path.length === 0 || (mappings.length > 0 && !open && !optionalMapping)) return inner;
  const { description = '', default: value } = node;
  return [{ path, description, type: typeName(node), default: value, open }, ...inner];
}

function typeName(node: SchemaNode): string {
  if (node.const !== undefined) return String(node.const);
  if (node.enum) return node.enum.map(String).join(' | ');
  const alternatives = node.anyOf ?? node.oneOf;
  if (alternatives) return alternatives.map(typeName).join(' or ');
  const types = Array.isArray(node.type) ? node.type : [node.type ?? 'any value'];
  return types.map((type) => (type === 'object' ? 'mapping' : type)).join(' or ');
}

/** The settings that a configuration with this model can have; of all models, if undefined. */
export function fieldsOfArchitecture(architecture: string | undefined): Field[] {
  return configFields().filter((field) => !isOtherArchitecture(field, architecture));
}

function isOtherArchitecture(field: Field, architecture: string | undefined): boolean {
  if (architecture === undefined || field.path[0] !== 'model' || field.path.length === 1) return false;
  return !modelKeys(architecture).has(field.path[1]!);
}

function modelKeys(architecture: string): ReadonlySet<string> {
  const schema = z.toJSONSchema(configSchema.shape.model, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  const variant = schema.oneOf?.find(({ properties }) => properties?.architecture?.const === architecture);
  return new Set(Object.keys(variant?.properties ?? {}));
}
