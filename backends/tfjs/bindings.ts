import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BackendError } from '../../src/support/errors.js';
import { privatePackages } from './installation.js';
import type { TfjsOptions } from './options.js';

export type TfjsDevice = Exclude<TfjsOptions['device'], 'auto'>;

/** An engine below TensorFlow.js. */
export interface Binding {
  device: TfjsDevice;
  /** The npm package that brings it. */
  package: string;
  /** Its entry, to be imported by the thread that computes. */
  entry: string;
}

/** Packages with TensorFlow's own library, best first: what users install beside this one. */
const NATIVE = [
  { device: 'gpu', package: '@tensorflow/tfjs-node-gpu' },
  { device: 'cpu', package: '@tensorflow/tfjs-node' },
] as const;

const WASM = '@tensorflow/tfjs-backend-wasm';

/** The bindings that are installed, best first; WebAssembly always is. */
export function installedBindings(): Binding[] {
  const native = NATIVE.flatMap(({ device, package: name }): Binding[] => {
    const found = findPackage(name);
    return found !== null && hasLibrary(found) ? [{ device, package: name, entry: found.entry }] : [];
  });
  return [...native, { device: 'wasm', package: WASM, entry: createRequire(import.meta.url).resolve(WASM) }];
}

/** Why there is no binding for a device, and how to get it; null: there is. */
export function missingBinding(device: TfjsDevice): { reason: string; hint: string } | null {
  if (installedBindings().some((binding) => binding.device === device)) return null;
  const { package: name } = NATIVE.find((native) => native.device === device)!;
  const needs = device === 'gpu' ? ' (Linux with CUDA)' : '';
  const otherwise = device === 'cpu' ? ', or run pc backends install tfjs-node (Linux on x64)' : '';
  if (findPackage(name) === null)
    return {
      reason: `the package ${name} is not installed`,
      hint: `Install it in the project: npm install ${name}${needs}${otherwise}.`,
    };
  return {
    reason: `${name} is installed, but not its native library`,
    hint: `Its install script downloads or builds it: run npm rebuild ${name} --build-addon-from-source${needs}${otherwise}.`,
  };
}

/** @throws BackendError('unavailable') where the device has no binding */
export function chooseBinding(device: TfjsOptions['device']): Binding {
  const bindings = installedBindings();
  const chosen = device === 'auto' ? bindings[0] : bindings.find((binding) => binding.device === device);
  if (chosen !== undefined) return chosen;
  const { reason, hint } = missingBinding(device as TfjsDevice)!;
  throw new BackendError('unavailable', `TensorFlow.js cannot compute on ${device} here: ${reason}`, {
    hint: `${hint} Or use --device wasm, which needs nothing else.`,
  });
}

interface InstalledPackage {
  entry: string;
  directory: string;
}

/** A package beside this one, in the project of the current directory, or where `pc backends install` puts it. */
function findPackage(name: string): InstalledPackage | null {
  const folders = [process.cwd(), privatePackages()].map((folder) => pathToFileURL(join(folder, 'package.json')));
  for (const base of [import.meta.url, ...folders])
    try {
      const require = createRequire(base);
      return { entry: require.resolve(name), directory: dirname(require.resolve(`${name}/package.json`)) };
    } catch {
      // Not there: the next place is tried.
    }
  return null;
}

/** The add-on lies in lib/napi-vN, N the version of Node's interface that it was built for. */
function hasLibrary({ directory }: InstalledPackage): boolean {
  const lib = join(directory, 'lib');
  return existsSync(lib) && readdirSync(lib).some((folder) => existsSync(join(lib, folder, 'tfjs_binding.node')));
}
