import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../../backends/onnxruntime/index.js';
import type { RunStart } from '../../../src/training/run-start.js';
import { createJax, installedJax } from '../../backends/jax-python.js';
import { type Curve, continueCurve, largestGap, openCurve } from '../../backends/training-curve.js';
import { computedMetrics, metricsOf, tensorFiles, tinyProject, trainTiny } from '../../training/tiny-training.js';

const jaxPython = await installedJax();
if ('missing' in jaxPython) console.log(`training on jax is not tested: ${jaxPython.missing}`);

const STEPS = 200;

describe.skipIf('missing' in jaxPython)('200 steps of evabyte-1m on jax', () => {
  let expected: Curve;
  beforeAll(async () => {
    const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ replicas: 1 }));
    const session = await openCurve(backend);
    expected = await continueCurve(session, 0, STEPS);
    await session.dispose();
  }, 10 * 60_000);

  it.each([{ devices: 1 }, { devices: 2 }, { devices: 4, shards: 2 }, { devices: 8 }])(
    'have the losses of the CPU backend: %o',
    async (options) => {
      const backend = await createJax(options, jaxPython);
      const session = await openCurve(backend);
      const { losses } = await continueCurve(session, 0, STEPS);
      await backend.dispose();
      expect(losses[0]! - losses.at(-1)!).toBeGreaterThan(1);
      expect(largestGap(losses, expected.losses)).toBeLessThan(1e-4);
    },
  );
});

describe.skipIf('missing' in jaxPython)('a run on eight devices', () => {
  const python = 'python' in jaxPython ? jaxPython.python : '';
  const on = (devices: number) => ({ name: 'jax', device: 'cpu', python, devices });
  const resume: { start: RunStart } = { start: { kind: 'resume', checkpoint: null } };
  const set = ['batch.size=8', 'logging.every=1', 'optim.learningRate=1e-3'];
  let project: string;
  const losses = (name: string) => metricsOf(project, name).map(({ loss }) => loss!);

  beforeAll(async () => {
    project = tinyProject({ backend: on(8) }, mkdtempSync(join(tmpdir(), 'pc-test-')));
    await trainTiny(project, { name: 'whole', set });
  }, 10 * 60_000);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('goes on to the bit after it was stopped', async () => {
    await trainTiny(project, { name: 'again', set, stopAfter: 6 });
    await trainTiny(project, { ...resume, name: 'again' });
    expect(computedMetrics(project, 'again')).toEqual(computedMetrics(project, 'whole'));
    expect(await tensorFiles(project, 'again')).toEqual(await tensorFiles(project, 'whole'));
  });

  it.each([
    ['one device', ['backend.devices=1']],
    ['four devices, two for each copy', ['backend.devices=4', 'backend.shards=2']],
    ['the CPU backend', ['backend={"name":"onnxruntime"}']],
  ])('goes on on %s', async (where, change) => {
    const name = where.replaceAll(/\W+/g, '-');
    await trainTiny(project, { name, set, stopAfter: 6 });
    await trainTiny(project, { ...resume, name, set: change });
    expect(largestGap(losses(name), losses('whole'))).toBeLessThan(1e-5);
  });
});
