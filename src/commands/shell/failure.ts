import { type ErrorLocation, InterruptedError, PcError } from '../../support/errors.js';
import { nearestName } from '../../support/nearest-name.js';
import { systemErrorCode } from '../../support/output-failures.js';

/** Any thrown value as the user meets it: in `--json` mode as an object, otherwise as lines on stderr. */
export interface Failure {
  /** Machine-readable kind: that of a PcError, `usage`, `system` for the operating system's refusals, else `internal`. */
  code: string;
  message: string;
  location: ErrorLocation;
  hint: string | null;
  /** ` at file:line (field name)` of a PcError. */
  place: string;
  exitCode: number;
  stack: string | undefined;
}

export function describeFailure(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const interrupted = causedByInterrupt(error);
  if (interrupted !== undefined) return fromPcError(interrupted);
  if (error instanceof PcError) return fromPcError(error);
  const base = { message: error.message, location: {}, hint: null, place: '', exitCode: 1, stack: error.stack };
  if (isUsageError(error)) return { ...base, ...wrongUsage(error), code: 'usage', exitCode: 2 };
  if (systemErrorCode(error) !== undefined) {
    const location = 'path' in error ? { file: String(error.path) } : {};
    return { ...base, code: 'system', location };
  }
  return {
    ...base,
    code: 'internal',
    hint: 'This is a bug of pc. Set DEBUG=* to see where it happened, and report it.',
  };
}

/** The failure as text for a person, with a final newline; the stack only on request. */
export function renderFailure(failure: Failure, withStack: boolean): string {
  const { message, place, hint, stack } = failure;
  const lines = [`Error: ${message}`];
  if (place !== '') lines.push(`  at ${place}`);
  if (hint !== null) lines.push(`  ${hint}`);
  if (withStack && stack !== undefined) lines.push('', stack);
  return `${lines.join('\n')}\n`;
}

/** The failure as `--json` prints it. */
export function failureAsJson({ code, message, location, hint }: Failure): object {
  return { error: { code, message, location, hint } };
}

function fromPcError(error: PcError): Failure {
  const { code, message, location, place, exitCode, stack } = error;
  return { code, message, location, hint: error.hint ?? null, place, exitCode, stack };
}

/** Node wraps the reason of an abort in an error of its own. */
function causedByInterrupt(error: Error): InterruptedError | undefined {
  if (error instanceof InterruptedError) return error;
  return error.name === 'AbortError' && error.cause instanceof InterruptedError ? error.cause : undefined;
}

/** oclif's own refusals: unknown flags, missing arguments. */
function isUsageError(error: Error): boolean {
  if (!('oclif' in error) || typeof error.oclif !== 'object' || error.oclif === null) return false;
  return 'exit' in error.oclif && error.oclif.exit === 2;
}

const HELP = 'See more help with --help';

/** What oclif says, with the flag that was most likely meant, or else its pointer to help, as the hint. */
function wrongUsage(error: Error): Pick<Failure, 'message' | 'hint'> {
  const said = error.message.split('\n').filter((line) => line !== HELP);
  const nearest = nearestFlag(error);
  const hint = nearest === undefined ? `${HELP}.` : `Did you mean --${nearest}?`;
  return { message: said.join('\n'), hint: said.join('\n') === error.message && nearest === undefined ? null : hint };
}

/** Where an unknown flag was typed, oclif's error has it and what the command takes. */
function nearestFlag(error: Error): string | undefined {
  if (!('flags' in error) || !Array.isArray(error.flags) || !('parse' in error)) return undefined;
  const known = (error.parse as { input?: { flags?: object } }).input?.flags ?? {};
  return nearestName(String(error.flags[0]).replace(/^-+/, ''), Object.keys(known));
}
