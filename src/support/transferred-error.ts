import {
  BackendError,
  CheckpointError,
  CompressorError,
  ConfigError,
  DataError,
  type ErrorDetails,
  InterruptedError,
  OutputError,
  PcError,
  PluginError,
  ProgramError,
  TrainingError,
  UsageError,
} from './errors.js';

/**
 * An error as it travels between threads: a structured clone keeps neither the class nor the fields of ours.
 */
export interface TransferredError {
  /** `code` of a PcError; null for any other error. */
  code: string | null;
  message: string;
  details: ErrorDetails;
  stack: string | undefined;
}

const CLASSES: readonly (new (what: string, details: ErrorDetails) => PcError)[] = [
  UsageError,
  ConfigError,
  DataError,
  CheckpointError,
  CompressorError,
  PluginError,
  OutputError,
  ProgramError,
  TrainingError,
  InterruptedError,
];

/** By the code of their errors. A backend's failure is told by its kind elsewhere; here it is one that failed. */
const REBUILT = new Map<string, (what: string, details: ErrorDetails) => PcError>([
  ...CLASSES.map(
    (Class) => [new Class('', {}).code, (what: string, details: ErrorDetails) => new Class(what, details)] as const,
  ),
  ['backend', (what, details) => new BackendError('failed', what, details)],
]);

export function transferError(error: unknown): TransferredError {
  if (error instanceof PcError) {
    const { code, message, location, hint, stack } = error;
    return { code, message, details: { ...location, hint }, stack };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: null, message, details: {}, stack };
}

/** The error as its own class again, with its place and hint, and the other thread's stack. */
export function receiveError({ code, message, details, stack }: TransferredError): Error {
  const error = (code === null ? undefined : REBUILT.get(code))?.(message, details) ?? new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
