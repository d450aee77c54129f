import * as errors from './errors.js';

const { PcError, BackendError, ...classes } = errors;

/**
 * An error as it travels between threads: a structured clone keeps neither the class nor the fields of ours.
 */
export interface TransferredError {
  /** `code` of a PcError; null for any other error. */
  code: string | null;
  message: string;
  details: errors.ErrorDetails;
  stack: string | undefined;
}

type Rebuild = (what: string, details: errors.ErrorDetails) => errors.PcError;

/** By the code of their errors. A backend's failure is told by its kind elsewhere; here it is one that failed. */
const REBUILT = new Map<string, Rebuild>([
  ...Object.values(classes).map((Class): [string, Rebuild] => [
    new Class('', {}).code,
    (what, details) => new Class(what, details),
  ]),
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
