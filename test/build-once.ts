import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** tsc's exit status when there are type errors but everything was written all the same. */
const WRITTEN_DESPITE_TYPE_ERRORS = 2;

/**
 * Worker threads and the end-to-end tests run the compiled program, so it is built (incrementally) before any test.
 * Type errors are printed but are the business of `npm run typecheck`: they do not keep other tests from running.
 */
export default function buildOnce(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0 && status !== WRITTEN_DESPITE_TYPE_ERRORS) throw new Error(`the build failed with status ${status}`);
}
