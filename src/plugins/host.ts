import { z } from 'zod';
import * as graph from '../graph/index.js';
import * as errors from '../support/errors.js';
import { PLUGIN_API_VERSION } from './contracts.js';
import { definePlugin } from './define-plugin.js';

/**
 * What a plugin receives, so that it needs no run-time import of this package: an import would fail from the folder
 * where oclif keeps plugins, or find a second copy whose error classes and schemas are not ours.
 */
export interface PluginHost {
  /** Newest plugin API that this host understands. */
  readonly apiVersion: number;
  readonly definePlugin: typeof definePlugin;
  /** The zod library, for `options`. */
  readonly z: typeof z;
  /** Builders of tensor programs, for plugins that run a model. */
  readonly graph: typeof graph;
  /** The error classes; commands print them without a stack trace. */
  readonly errors: typeof errors;
}

/** The argument of a plugin's default export. */
export interface PluginOptions {
  readonly host: PluginHost;
}

export const host: PluginHost = { apiVersion: PLUGIN_API_VERSION, definePlugin, z, graph, errors };
