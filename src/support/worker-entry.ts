import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGE_ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The URL of a worker's compiled module, given relative to its caller.
 *
 * Worker threads run JavaScript. When the caller itself runs from TypeScript, as the test-suite does, the worker is
 * the same module under `dist/`, which the suite builds before it starts.
 */
export function workerEntry(callerUrl: string, relative: `${string}.js`): URL {
  const beside = new URL(relative, callerUrl);
  if (!callerUrl.endsWith('.ts')) return beside;
  const fromRoot = fileURLToPath(beside).slice(PACKAGE_ROOT.length);
  return pathToFileURL(`${PACKAGE_ROOT}dist/${fromRoot}`);
}
