import { BackendError, type BackendFailure, PcError } from '../../src/support/errors.js';
import type { ReplyMessage } from './protocol.js';

/** The runtime reports failures as text alone; these are the phrases it uses. */
const FAILURES: readonly [RegExp, BackendFailure, string][] = [
  [
    /bad_alloc|failed to allocate|out of memory|not enough memory|Array buffer allocation failed|exceeds the max buffer size/i,
    'out-of-memory',
    'Use a smaller batch.size, more batch.accumulation, or a smaller model.',
  ],
  [
    /device (?:is |was )?lost/i,
    'failed',
    'The driver of the GPU gave up: update it, use a smaller batch.size, or compute on the CPU by --device cpu.',
  ],
  [
    /not.?implemented|could not find an implementation|is not a registered (function|op)/i,
    'unsupported-operation',
    'Choose another backend; `pc backends` lists them.',
  ],
  [
    /protobuf|load model|invalid.?graph|type error|shape inference|incompatible dimensions|unspecified/i,
    'corrupt-program',
    'Make the program again with this version.',
  ],
];

/** A failure as a message to the main thread. */
export function describeFailure(error: unknown): Extract<ReplyMessage, { error: unknown }>['error'] {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BackendError)
    return { failure: error.failure, message, details: { ...error.location, ...(error.hint && { hint: error.hint }) } };
  if (error instanceof PcError)
    return {
      failure: 'corrupt-program',
      message,
      details: { ...error.location, ...(error.hint && { hint: error.hint }) },
    };
  const known = FAILURES.find(([phrase]) => phrase.test(message));
  return {
    failure: known?.[1] ?? 'failed',
    message: `ONNX Runtime: ${message}`,
    details: known ? { hint: known[2] } : {},
  };
}
