import { resolve } from 'node:path';
import { PcError, PluginError } from '../support/errors.js';
import type { Compressor, CompressorDefinition, PluginContext } from './contracts.js';
import { checkManifest } from './define-plugin.js';
import { host } from './host.js';
import { parsePluginOptions } from './plugin-options.js';

/** Stands for the URL of the built-in plugin, which each thread finds beside this module, compiled or not. */
export const BUILTIN_ENTRY = 'pc:built-in';

/** What a worker thread needs to make its own instance of a compressor; survives a structured clone. */
export interface CompressorDescriptor {
  /** URL of the module whose default export is the plugin, or `BUILTIN_ENTRY`. */
  entryUrl: string;
  /** Name of the compressor. */
  name: string;
  /** As the user gave them; defaults are filled in where the instance is made. */
  options: Readonly<Record<string, unknown>>;
  artifactsDirectory: string;
}

/** What may hold codes, so that no field of the data is written over: our fields, and those of other systems' records. */
const CODE_FIELD = /^pc_.|^m1|ac_b64$/;

const ignore = (): void => {};

/**
 * Makes an instance in this thread from a descriptor that the registry of the main thread gave out.
 *
 * @throws PluginError if the plugin cannot be imported or has no such compressor; ConfigError for bad options.
 */
export async function instantiateCompressor(
  descriptor: CompressorDescriptor,
  log: PluginContext['log'] = ignore,
): Promise<Compressor> {
  const { entryUrl, name, options, artifactsDirectory } = descriptor;
  const manifest = checkManifest(await runEntry(entryUrl));
  const definition = manifest.compressors?.find((candidate) => candidate.name === name);
  if (definition === undefined)
    throw new PluginError(`the plugin "${manifest.name}" has no compressor "${name}"`, { file: entryUrl });
  return createCompressor(definition, options, pluginContext(artifactsDirectory, log));
}

/** What an instance gets of its host, in any thread. */
export function pluginContext(artifactsDirectory: string, log: PluginContext['log']): PluginContext {
  return {
    artifactsDirectory,
    log,
    byteModel: async (path, options) => {
      const { openByteModel } = await import('./byte-model/index.js');
      return openByteModel(resolve(artifactsDirectory, path), options);
    },
  };
}

/**
 * Makes an instance of a definition that is already loaded.
 *
 * @throws ConfigError for bad options; PluginError if the plugin fails by an error that is none of ours, or hands back
 *   something that is not a compressor.
 */
export async function createCompressor(
  definition: CompressorDefinition,
  options: unknown,
  context: PluginContext,
): Promise<Compressor> {
  const parsed = parsePluginOptions(definition.options, options, `compressors.${definition.name}`);
  const compressor = await started(() => definition.create(parsed, context), `the compressor "${definition.name}"`);
  checkCompressor(compressor, definition.name);
  return compressor;
}

/**
 * What a plugin makes. It comes from foreign JavaScript, which may throw at once, or give no promise.
 *
 * @throws PluginError if it fails by an error that is none of ours
 */
export async function started<Instance>(create: () => Promise<Instance>, what: string): Promise<Instance> {
  try {
    return await create();
  } catch (error) {
    throw asPluginFailure(error, `${what} could not start`);
  }
}

/** The error itself if it is one of ours, else a PluginError saying which plugin failed and why. */
export function asPluginFailure(error: unknown, what: string): PcError {
  if (error instanceof PcError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PluginError(`${what}: ${reason}`, { cause: error });
}

async function runEntry(entryUrl: string): Promise<unknown> {
  const failure = `the plugin ${entryUrl} could not be loaded`;
  const loading = entryUrl === BUILTIN_ENTRY ? import('./builtin.js') : import(entryUrl);
  const module: unknown = await loading.catch((error: unknown) => {
    throw asPluginFailure(error, failure);
  });
  const hook = defaultFunction(module);
  if (hook === undefined) throw new PluginError(`${failure}: its default export is no function`);
  try {
    return await hook({ host });
  } catch (error) {
    throw asPluginFailure(error, failure);
  }
}

/** The default export; compiled CommonJS wraps it once more. */
function defaultFunction(module: unknown): ((options: { host: typeof host }) => unknown) | undefined {
  let value: unknown = module;
  for (let depth = 0; depth < 2; depth++) {
    if (typeof value !== 'object' || value === null || !('default' in value)) return undefined;
    value = value.default;
    if (typeof value === 'function') return value as (options: { host: typeof host }) => unknown;
  }
  return undefined;
}

function checkCompressor(candidate: Compressor, name: string): void {
  const wrong = (what: string): PluginError =>
    new PluginError(`the compressor "${name}" is invalid: ${what}`, {
      hint: 'Report this to the author of the plugin; docs/plugins.md describes the contract.',
    });
  if (typeof candidate !== 'object' || candidate === null) throw wrong('create() gave no object');
  const { alphabetSize, fingerprint, encode, decode, field } = candidate;
  if (!Number.isInteger(alphabetSize) || alphabetSize < 1 || alphabetSize > 2 ** 32)
    throw wrong('alphabetSize must be an integer from 1 to 2^32');
  if (typeof fingerprint !== 'string' || fingerprint === '') throw wrong('fingerprint must be a non-empty string');
  if (typeof encode !== 'function' || typeof decode !== 'function') throw wrong('encode and decode must be functions');
  if (typeof field?.name !== 'string' || typeof field.write !== 'function' || typeof field.read !== 'function')
    throw wrong('field must have a name, write and read');
  if (!CODE_FIELD.test(field.name))
    throw wrong(`its field is named "${field.name}"; names of fields begin with pc_ or m1, or end in ac_b64`);
  if (field.sideName !== undefined && !/^pc_./.test(field.sideName))
    throw wrong(`its sideName is "${field.sideName}"; it must begin with pc_`);
}
