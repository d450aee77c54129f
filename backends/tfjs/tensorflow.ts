import { createRequire } from 'node:module';
import util from 'node:util';
import type * as core from '@tensorflow/tfjs-core';
import { BackendError } from '../../src/support/errors.js';
import type { Binding } from './bindings.js';

/** The operations of TensorFlow.js, whichever package brings them. */
export type TensorFlow = typeof core;

/**
 * Loads a binding in this thread.
 *
 * @throws BackendError('unavailable') where its library cannot be loaded
 */
export async function loadTensorFlow({ device, package: name, entry }: Binding): Promise<TensorFlow> {
  try {
    const require = createRequire(import.meta.url);
    const tensorflow = (
      device === 'wasm' ? require('@tensorflow/tfjs-core') : loadNative(require, entry)
    ) as TensorFlow;
    if (device === 'wasm') {
      require(entry);
      await tensorflow.setBackend('wasm');
    }
    await tensorflow.ready();
    tensorflow.enableProdMode();
    return tensorflow;
  } catch (cause) {
    throw new BackendError('unavailable', `${name} cannot be loaded: ${(cause as Error).message}`, {
      hint: 'Install it again for this machine and this Node, or use --device wasm.',
      cause,
    });
  }
}

/** Version 4.22 calls functions of `util` that Node 23 removed. */
function loadNative(require: NodeJS.Require, entry: string): unknown {
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, substitute] of Object.entries(removed))
    if (!(name in util)) Object.assign(require('node:util'), { [name]: substitute });
  return require(entry);
}
