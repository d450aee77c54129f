import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compiled } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A deep, narrow model: what has to be kept for the backward pass outweighs everything else. */
const MODEL = {
  architecture: 'evabyte',
  hiddenSize: 64,
  intermediateSize: 176,
  layers: 12,
  attentionHeads: 4,
  windowSize: 128,
  chunkSize: 8,
  predictionHeads: 1,
};
const BATCH = { size: 16, accumulation: 1, sequenceLength: 256 };

/**
 * Megabytes that two steps take at most in a process of its own, beyond what it held before them, and the losses of the
 * steps. What the process itself holds differs from run to run by as much as a step saves: its heap is collected when there is time.
 */
function peakOf(rematerialise: boolean): { peak: number; losses: number[] } {
  // A file, since the backend's worker threads do not start in a module that is given as text.
  const file = join(temporaryDirectory(), 'two-steps.mjs');
  const code = `
    import { createModel, modelOptions, buildInputs } from ${JSON.stringify(compiled('src/models/index.js'))};
    import { builtinRegistry } from ${JSON.stringify(compiled('src/plugins/discovery.js'))};
    import { initialParameters } from ${JSON.stringify(compiled('src/training/initialise.js'))};
    import { lossOptions, optimOptions } from ${JSON.stringify(compiled('src/training/options.js'))};
    import { TrainingSession } from ${JSON.stringify(compiled('src/training/training-session.js'))};
    const batch = { ...${JSON.stringify(BATCH)}, rematerialise: ${rematerialise} };
    const model = createModel(modelOptions.parse(${JSON.stringify(MODEL)}), { size: 320, rawSize: 320 });
    const backend = await builtinRegistry('unused').createBackend('onnxruntime', { threads: 1 });
    const [loss, optim] = [lossOptions.parse({}), optimOptions.parse({})];
    const session = await TrainingSession.open(backend, { model, batch, loss, optim });
    await session.session.writeState(initialParameters(model, 1));
    const losses = [];
    const before = process.memoryUsage().rss / 2 ** 20;
    for (let step = 0; step < 2; step++) {
      const spec = { rows: batch.size, sequenceLength: batch.sequenceLength, views: 2, documentMask: true, multibyteWeights: null };
      const symbols = Int32Array.from({ length: batch.size * (batch.sequenceLength + 1) }, (_, i) => 64 + ((i * i) % 251));
      const result = await session.step([buildInputs(spec, symbols)], { learningRate: 1e-3, updateNumber: step + 1 });
      losses.push(result.loss);
    }
    console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024 - before, losses }));
    await session.dispose();
    await backend.dispose();
  `;
  writeFileSync(file, code);
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' })) as { peak: number; losses: number[] };
}

describe('batch.rematerialise', () => {
  it('lets steps of a deep model take less than two thirds of the memory, for the same losses', () => {
    const kept = peakOf(false);
    const computedAgain = peakOf(true);
    for (const [step, loss] of kept.losses.entries()) expect(computedAgain.losses[step]).toBeCloseTo(loss, 4);
    expect(computedAgain.peak / kept.peak).toBeLessThan(2 / 3);
  });
});
