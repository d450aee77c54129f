import { serveSessions } from '../../src/plugins/session-thread/index.js';
import type { OnnxruntimeRequests } from './protocol.js';
import { WorkerSession } from './worker-session.js';

/**
 * The thread that owns sessions: `InferenceSession.run` blocks its caller, and the main thread must stay free for the
 * terminal, signals and data.
 */
serveSessions<OnnxruntimeRequests>(({ state, settings }) => new WorkerSession(state, settings).handlers, {
  engine: 'ONNX Runtime',
  phrases: [
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
  ],
});
