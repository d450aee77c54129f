import { PluginError } from '../support/errors.js';
import { PLUGIN_API_VERSION, type PluginManifest } from './contracts.js';

/** Names are typed on command lines, in dotted settings and in file names. */
const NAME = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;

/**
 * Declares a plugin. Plugins receive this function from the host and return its result; built-in ones go through the
 * same checks.
 *
 * @throws PluginError naming the field, if the manifest is not one, needs a newer host or defines a name twice.
 */
export function definePlugin(manifest: PluginManifest): PluginManifest {
  return checkManifest(manifest);
}

/** The manifest itself, if it is one. What a plugin returns comes from foreign JavaScript, so its type proves nothing. */
export function checkManifest(candidate: unknown): PluginManifest {
  if (!isRecord(candidate))
    throw new PluginError('the plugin returned no manifest', {
      hint: 'Its default export must return the result of host.definePlugin({ … }).',
    });
  checkApiVersion(candidate.apiVersion);
  if (typeof candidate.name !== 'string' || candidate.name === '') throw invalid('name', 'must be a non-empty string');
  checkDefinitions(candidate, 'compressors', ['create']);
  checkDefinitions(candidate, 'backends', ['devices', 'create']);
  return candidate as unknown as PluginManifest;
}

function checkApiVersion(version: unknown): void {
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw invalid('apiVersion', 'must be a positive integer');
  if (version > PLUGIN_API_VERSION)
    throw new PluginError(`needs plugin API ${version}, but this version of pc has ${PLUGIN_API_VERSION}`, {
      field: 'apiVersion',
      hint: 'Update proxy-compression, or install an older version of the plugin.',
    });
}

function checkDefinitions(manifest: Record<string, unknown>, kind: string, functions: readonly string[]): void {
  const definitions = manifest[kind] ?? [];
  if (!Array.isArray(definitions)) throw invalid(kind, 'must be an array of definitions');
  const seen = new Set<string>();
  for (const [index, definition] of definitions.entries()) {
    const field = `${kind}[${index}]`;
    if (!isRecord(definition)) throw invalid(field, 'must be an object');
    const { name, summary, options } = definition;
    if (typeof name !== 'string' || !NAME.test(name))
      throw invalid(`${field}.name`, 'must be lower-case letters and digits, joined by single hyphens or underscores');
    if (seen.has(name)) throw invalid(`${field}.name`, `"${name}" is defined twice`);
    seen.add(name);
    if (typeof summary !== 'string' || summary === '') throw invalid(`${field}.summary`, 'must be one line of text');
    if (!isRecord(options) || typeof options.safeParse !== 'function')
      throw invalid(`${field}.options`, 'must be a zod schema');
    for (const required of functions)
      if (typeof definition[required] !== 'function') throw invalid(`${field}.${required}`, 'must be a function');
  }
}

function invalid(field: string, what: string): PluginError {
  return new PluginError(`the manifest is invalid: ${field} ${what}`, {
    field,
    hint: 'See docs/plugins.md for the shape of a plugin.',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
