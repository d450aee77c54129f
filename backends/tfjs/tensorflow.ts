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
    const tensorflow = device === 'wasm' ? await loadWasm() : loadNative(entry);
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

async function loadWasm(): Promise<TensorFlow> {
  const tensorflow = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-wasm'); // registers itself
  await tensorflow.setBackend('wasm');
  return tensorflow;
}

/** Version 4.22 calls functions of `util` that Node 23 removed. */
function loadNative(entry: string): TensorFlow {
  const require = createRequire(import.meta.url);
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, substitute] of Object.entries(removed))
    if (!(name in util)) Object.assign(require('node:util'), { [name]: substitute });
  return require(entry) as TensorFlow;
}
