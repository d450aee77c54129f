import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/index.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { configuredModel } from '../../src/quickstart/initial-model.js';
import { measureSecondsPerStep } from '../../src/training/step-time.js';
import { tinyProject } from '../training/tiny-training.js';

it('the seconds of a step of a model are measured, and a stop ends it', async () => {
  const project = tinyProject();
  const { config } = await loadConfig({ cwd: project, set: [] });
  const registry = builtinRegistry(join(project, 'artifacts'));
  const { model, flopsPerStep } = await configuredModel(config, registry, null);
  expect(flopsPerStep).toBeGreaterThan(0);
  const stop = new AbortController();
  const started = performance.now();
  const seconds = await measureSecondsPerStep(config, model, registry, { seconds: 0.1, signal: stop.signal });
  // The fastest of several cannot have taken longer than all.
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan((performance.now() - started) / 1000);
  stop.abort(new Error('enough'));
  await expect(measureSecondsPerStep(config, model, registry, { seconds: 0.1, signal: stop.signal })).rejects.toThrow(
    'enough',
  );
});
