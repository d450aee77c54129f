import { serveSessions } from '../../src/plugins/session-thread/index.js';
import type { TfjsRequests } from './requests.js';
import { SessionTensors } from './session-tensors.js';
import { loadTensorFlow } from './tensorflow.js';

/** The thread that owns a session: kernels of TensorFlow.js block whoever calls them. */
serveSessions<TfjsRequests>(
  async ({ state, settings }) => new SessionTensors(await loadTensorFlow(settings), state).handlers,
  {
    engine: 'TensorFlow.js',
    phrases: [
      [
        /out of memory|\bOOM\b|ResourceExhausted|Array buffer allocation failed|memory access out of bounds|Cannot enlarge memory/i,
        'out-of-memory',
        'Use a smaller batch.size, more batch.accumulation, or a smaller model.',
      ],
      [
        /not registered|not (?:yet )?(?:implemented|supported)|unsupported/i,
        'unsupported-operation',
        'Choose another --device, or another backend; `pc backends` lists them.',
      ],
    ],
  },
);
