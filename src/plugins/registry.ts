import { join } from 'node:path';
import { ConfigError, PluginError } from '../support/errors.js';
import { nearestName } from '../support/nearest-name.js';
import { type CompressorDescriptor, createCompressor, pluginContext, started } from './compressor-instance.js';
import type {
  Backend,
  BackendDefinition,
  Compressor,
  CompressorDefinition,
  EngineInstaller,
  PluginContext,
  ProgramExporter,
} from './contracts.js';
import { checkManifest } from './define-plugin.js';
import { parsePluginOptions } from './plugin-options.js';

/** Where a plugin came from. */
export type PluginOrigin =
  | { kind: 'built-in' }
  | { kind: 'installed' | 'linked'; package: string; version: string; root: string };

/** A plugin that answered, or failed to. What it answered is not yet checked. */
export interface PluginSource {
  origin: PluginOrigin;
  /** URL of the module whose default export is the plugin, or `BUILTIN_ENTRY`. */
  entryUrl: string;
  outcome: { manifest: unknown } | { error: unknown };
}

export interface Registered<Definition> {
  definition: Definition;
  /** Name in the manifest that defines it. */
  plugin: string;
  origin: PluginOrigin;
  entryUrl: string;
}

/** A plugin that is left out, and why. */
export interface PluginProblem {
  origin: PluginOrigin;
  error: PluginError;
}

const ignore = (): void => {};

/**
 * All compressors and backends by name. A plugin is taken whole or not at all: one that failed, is too new or clashes
 * with an earlier one is listed among `problems`, and the others work.
 */
export class PluginRegistry {
  readonly compressors: ReadonlyMap<string, Registered<CompressorDefinition>>;
  readonly backends: ReadonlyMap<string, Registered<BackendDefinition>>;
  readonly problems: readonly PluginProblem[];

  /**
   * @param sources in order of precedence; of two plugins that clash the first is kept
   * @param artifactsRoot folder that holds one folder of run-time files a compressor
   */
  constructor(
    sources: Iterable<PluginSource>,
    private readonly artifactsRoot: string,
  ) {
    const compressors = new Map<string, Registered<CompressorDefinition>>();
    const backends = new Map<string, Registered<BackendDefinition>>();
    const problems: PluginProblem[] = [];
    for (const { origin, entryUrl, outcome } of sources) {
      try {
        if ('error' in outcome) throw outcome.error;
        const manifest = checkManifest(outcome.manifest);
        const register = { plugin: manifest.name, origin, entryUrl };
        refuseClashes('compressor', manifest.compressors ?? [], compressors, origin);
        refuseClashes('backend', manifest.backends ?? [], backends, origin);
        for (const definition of manifest.compressors ?? [])
          compressors.set(definition.name, { definition, ...register });
        for (const definition of manifest.backends ?? []) backends.set(definition.name, { definition, ...register });
      } catch (error) {
        problems.push({ origin, error: asProblem(error, origin) });
      }
    }
    this.compressors = compressors;
    this.backends = backends;
    this.problems = problems;
  }

  /**
   * What writes programs in a file format, of the first backend that does.
   *
   * @throws PluginError if none does
   */
  exporter(format: string): ProgramExporter {
    for (const { definition } of this.backends.values()) {
      const exporter = definition.exporters?.[format];
      if (exporter !== undefined) return exporter;
    }
    throw new PluginError(`no backend writes ${format}`, { hint: 'The built-in backend onnxruntime writes onnx.' });
  }

  /** What can be installed for backends, by name. */
  get installers(): ReadonlyMap<string, EngineInstaller> {
    return new Map(
      [...this.backends.values()].flatMap(({ definition }) => Object.entries(definition.installers ?? {})),
    );
  }

  /** @throws ConfigError suggesting the nearest name, if there is none of this name. */
  compressor(name: string): Registered<CompressorDefinition> {
    return this.compressors.get(name) ?? this.unknown('compressor', name, this.compressors);
  }

  /** @throws ConfigError suggesting the nearest name, if there is none of this name. */
  backend(name: string): Registered<BackendDefinition> {
    return this.backends.get(name) ?? this.unknown('backend', name, this.backends);
  }

  /** What each plugin of third parties gives, by its origin, as `compressor lzw`; those that are left out give nothing. */
  describeInstalled(): { plugin: string; gives: string[] }[] {
    const gives = new Map<string, string[]>();
    for (const [kind, definitions] of [
      ['compressor', this.compressors],
      ['backend', this.backends],
    ] as const)
      for (const [name, { origin }] of definitions) {
        if (origin.kind === 'built-in') continue;
        const plugin = originName(origin);
        gives.set(plugin, [...(gives.get(plugin) ?? []), `${kind} ${name}`]);
      }
    return [...gives].map(([plugin, names]) => ({ plugin, gives: names }));
  }

  /** The problems as plain data, for `--json`. */
  describeProblems(): { plugin: string; reason: string; hint: string | null }[] {
    return this.problems.map(({ origin, error }) => ({
      plugin: originName(origin),
      reason: error.message,
      hint: error.hint ?? null,
    }));
  }

  /**
   * What a worker thread needs to make its own instance, by `instantiateCompressor`. The options are checked here.
   *
   * @throws ConfigError for an unknown name or bad options
   */
  compressorDescriptor(name: string, options: Readonly<Record<string, unknown>> = {}): CompressorDescriptor {
    const { definition, entryUrl } = this.compressor(name);
    parsePluginOptions(definition.options, options, `compressors.${name}`);
    return { entryUrl, name, options, artifactsDirectory: this.artifactsDirectory(name) };
  }

  /**
   * Makes an instance in this thread.
   *
   * @throws ConfigError for an unknown name or bad options; PluginError if the plugin fails
   */
  async createCompressor(name: string, options: unknown = {}, log: PluginContext['log'] = ignore): Promise<Compressor> {
    const context = pluginContext(this.artifactsDirectory(name), log);
    return createCompressor(this.compressor(name).definition, options, context);
  }

  /** @throws ConfigError for an unknown name or bad options; BackendError if it does not work here */
  async createBackend(name: string, options: unknown = {}, log: PluginContext['log'] = ignore): Promise<Backend> {
    const { definition } = this.backend(name);
    const parsed = parsePluginOptions(definition.options, options, 'backend', `pc backends show ${name}`);
    return started(() => definition.create(parsed, log), `the backend "${name}"`);
  }

  private artifactsDirectory(name: string): string {
    return join(this.artifactsRoot, name);
  }

  private unknown(kind: 'compressor' | 'backend', name: string, known: ReadonlyMap<string, unknown>): never {
    const near = nearestName(name, known.keys());
    const failed = this.problems.map(({ origin }) => originName(origin)).join(', ');
    const hints = [
      near === undefined ? `\`pc ${kind}s\` lists them.` : `Did you mean "${near}"? \`pc ${kind}s\` lists them all.`,
      ...(failed === '' ? [] : [`These plugins could not be loaded: ${failed}.`]),
    ];
    throw new ConfigError(`no ${kind} is named "${name}"`, { hint: hints.join(' ') });
  }
}

/** `built-in`, or the package with its version. */
export function originName(origin: PluginOrigin): string {
  return origin.kind === 'built-in' ? origin.kind : `${origin.package}@${origin.version}`;
}

function refuseClashes(
  kind: string,
  definitions: readonly { name: string }[],
  taken: ReadonlyMap<string, Registered<unknown>>,
  origin: PluginOrigin,
): void {
  for (const { name } of definitions) {
    const holder = taken.get(name);
    if (holder === undefined) continue;
    throw new PluginError(`the ${kind} "${name}" is already defined by ${originName(holder.origin)}`, {
      hint:
        holder.origin.kind === 'built-in'
          ? `Its author must choose another name. ${removal(origin)}`
          : `Only one of the two can work; the one installed first does. ${removal(origin)}`,
    });
  }
}

function asProblem(error: unknown, origin: PluginOrigin): PluginError {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof PluginError && error.hint !== undefined) return error;
  const hint = origin.kind === 'built-in' ? undefined : `Report it to the author. ${removal(origin)}`;
  return new PluginError(reason === '' ? 'failed without a message' : reason, { hint, cause: error });
}

function removal(origin: PluginOrigin): string {
  return origin.kind === 'built-in' ? '' : `\`pc plugins uninstall ${origin.package}\` removes it.`;
}
