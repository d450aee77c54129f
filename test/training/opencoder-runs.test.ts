import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { latestCheckpoint } from '../../src/checkpoints/index.js';
import { bpbOptions } from '../../src/evaluation/bpb/options.js';
import { runBpbEvaluation } from '../../src/evaluation/index.js';
import { openTinyRun } from '../evaluation/tiny-run.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { computedMetrics, metricsOf, tensorFiles, tinyProject, trainTiny } from './tiny-training.js';

/** On half raw bytes and half bits, in sequences that no window divides. */
const OPENCODER = {
  steps: 8,
  model: {
    architecture: 'opencoder',
    hiddenSize: 16,
    intermediateSize: 24,
    layers: 1,
    attentionHeads: 4,
    keyValueHeads: 2,
    headSize: 6,
    predictionHeads: 2,
    rawHeads: 1,
  },
  batch: { size: 4, accumulation: 2, sequenceLength: 33 },
};

describe('OpenCoder trained on a proxy, with several heads and raw heads', () => {
  const project = mkdtempSync(join(tmpdir(), 'pc-test-'));
  afterAll(() => rmSync(project, { recursive: true }));

  beforeAll(async () => {
    tinyProject(OPENCODER, project);
    await trainTiny(project, { name: 'whole', set: ['logging.probe=4', 'logging.every=1'] });
  });

  it('learns: the loss falls from that of a guess among all symbols', () => {
    const losses = metricsOf(project, 'whole').map(({ loss }) => loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3);
  });

  it('goes on after a stop with the same losses, parameters and moments', async () => {
    const set = ['logging.every=1'];
    await trainTiny(project, { name: 'stopped', set, stopAfter: 6 });
    await trainTiny(project, { name: 'stopped', start: { kind: 'resume', checkpoint: null } });
    expect(computedMetrics(project, 'stopped')).toEqual(computedMetrics(project, 'whole'));
    expect(await tensorFiles(project, 'stopped')).toEqual(await tensorFiles(project, 'whole'));
  });

  it('is the same in copies side by side that compute their layers again', async () => {
    const set = ['logging.every=1', 'steps=2', 'backend.replicas=2', 'batch.rematerialise=true'];
    await trainTiny(project, { name: 'copies', set });
    for (const [step, { loss }] of metricsOf(project, 'copies').entries())
      expect(loss).toBeCloseTo(metricsOf(project, 'whole')[step]!.loss!, 3);
  });

  it('shows probes the attention, the MLP and the residual of a layer', () => {
    const probes = readFileSync(join(project, 'runs/whole/probe.jsonl'), 'utf8');
    for (const part of ['attention', 'mlp', 'residual']) expect(probes).toContain(`layers.0.${part}`);
  });

  it.each([true, false])('is evaluated in bits per byte; raw only: %s', async (rawOnly) => {
    const { path } = (await latestCheckpoint(join(project, 'runs/whole')))!;
    const { opened, settings } = await openTinyRun(path);
    onTestFinished(() => opened.dispose());
    const results = await runBpbEvaluation({
      opened,
      settings,
      options: bpbOptions.parse({ rawOnly, bootstrapSamples: 100 }),
      data: join(project, 'data/validation'),
      onBadRecord: 'fail',
      output: join(temporaryDirectory(), 'results'),
      force: false,
    });
    expect(results.conditions.windows).toBeGreaterThan(0);
    expect(results.bits_per_byte).toBeGreaterThan(0);
    // Better than 8 bits a raw byte, which takes no model; as bits, a byte is eight symbols.
    expect(results.bits_per_byte).toBeLessThan(rawOnly ? 8 : 8 * Math.log2(320));
  });
});
