import { beforeAll, describe, it } from 'vitest';
import { onnxruntimeBackend } from '../../../backends/onnxruntime/index.js';
import { installedBindings, missingBinding, type TfjsDevice } from '../../../backends/tfjs/bindings.js';
import { tfjsBackend } from '../../../backends/tfjs/index.js';
import type { Backend } from '../../../src/plugins/contracts.js';
import { describeParity } from '../../backends/parity.js';
import { describeState } from '../../backends/session-state.js';
import { describeTraining } from '../../backends/training-agreement.js';

const isInstalled = (device: TfjsDevice) => installedBindings().some((binding) => binding.device === device);

const cpu = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ replicas: 1 }));

describe.each(['wasm', 'cpu', 'gpu'] as const)('TensorFlow.js, device %s', (device) => {
  if (!isInstalled(device)) {
    const { reason, hint } = missingBinding(device)!;
    process.stdout.write(`TensorFlow.js on ${device} is not tested: ${reason}. ${hint}\n`);
    it.skip(reason, () => {});
    return;
  }

  let backend: Backend;
  beforeAll(async () => {
    backend = await tfjsBackend.create(tfjsBackend.options.parse({ device }));
  });

  // WebAssembly runs these in the fast suite.
  if (device !== 'wasm') {
    describeParity(() => backend.open([]), 5e-6);
    describeState((state) => backend.open(state));
  }

  describeTraining(() => ({ reference: cpu, tried: backend }));
});
