import { describeFailure, failureAsJson, renderFailure } from './failure.js';

/**
 * Tells of a failure before a command of ours is at work, as that would: on stderr, or by `--json` on stdout.
 *
 * @param argv what was typed behind the command's name
 * @returns the exit code
 */
export function tellFailure(error: unknown, argv: readonly string[]): number {
  const failure = describeFailure(error);
  if (asksForJson(argv)) process.stdout.write(`${JSON.stringify(failureAsJson(failure), null, 2)}\n`);
  else process.stderr.write(renderFailure(failure, false));
  return failure.exitCode;
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json');
}
