import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { dryRun } from '../../src/training/dry-run.js';
import { tinyProject } from './tiny-training.js';

it('a dry run says what a run would take, and leaves no trace', async () => {
  const project = tinyProject();
  const { config } = await loadConfig({ cwd: project, set: ['steps=50', 'batch.accumulation=2'] });
  const request = { settings: config, registry: builtinRegistry(join(project, 'artifacts')), onProblem: () => {} };
  const run = await dryRun(request, new AbortController().signal);
  expect(run.devices).toMatchObject([{ id: 'cpu' }]);
  expect(run.symbolsPerStep).toBe(config.batch.size * config.batch.sequenceLength);
  // Six operations for every parameter that is multiplied; attention comes beside them.
  expect(run.flopsPerStep).toBeGreaterThan(3 * run.parameters * run.symbolsPerStep);
  // Parameters, two moments, and the sum of the gradients of micro-batches.
  expect(run.memory.state).toBe(run.replicas * 4 * run.parameters * Float32Array.BYTES_PER_ELEMENT);
  expect(run.memory.peak).toBeGreaterThan(2 * run.memory.state);
  expect(run.memory.peak).toSatisfy(Number.isInteger);
  expect(run.seconds).toBeCloseTo(50 * run.secondsPerStep!, 6);
});
