import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../../src/data/documents.js';
import { showDocuments } from '../../../src/evaluation/bpb/representation.js';
import { requireValidationText } from '../../../src/evaluation/bpb/validation.js';
import { evaluateBpb, Scorer, Validation, type ValidationRequest } from '../../../src/evaluation/index.js';
import { jsonl, numberedTexts, temporaryData } from '../../data/temporary-data.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { RAW } from '../shown.js';
import { interpretedSession, parameterValues, tinyModel } from '../tiny-model.js';
import { openTinyRun, saveTinyRun } from '../tiny-run.js';

async function request(more: Partial<ValidationRequest> = {}) {
  const { opened, settings } = await openTinyRun(await saveTinyRun(join(temporaryDirectory(), 'run')));
  const path = temporaryData({ 'a.jsonl': jsonl(numberedTexts(10)) });
  const data = { ...settings.data, validation: path };
  const shape = { rows: 2, context: 16, documentMask: true, batches: 3 };
  return {
    opened,
    path,
    request: { ...opened, compressor: await opened.compressor(), data, seed: 1, ...shape, ...more },
  };
}

describe('validation during training', () => {
  it('measures raw bytes in the first batches of the held-out text', async () => {
    const { opened, path, request: asked } = await request();
    const validation = await Validation.open(asked);
    const { total, windows } = await validation.measure(5);
    expect(windows).toBe(6);

    const model = tinyModel();
    const shape = { rows: 1, context: 16, documentMask: true };
    const scorer = await Scorer.open(interpretedSession(parameterValues(model)), model, shape);
    const documents = showDocuments(readDocuments(path, { onBadRecord: 'fail' }), path, RAW);
    const expected = await evaluateBpb({ scorer, documents, stride: 16, batches: 6 });
    expect(total.tokens).toBe(expected.total.tokens);
    expect(total.bytes).toBeCloseTo(expected.total.bytes, 9);
    expect(total.nats / expected.total.nats).toBeCloseTo(1, 5);
    await opened.dispose();
  });

  it('follows the parameters of the session, and gives the same for the same ones', async () => {
    const { opened, request: asked } = await request();
    const validation = await Validation.open(asked);
    const first = await validation.measure(5);
    expect(await validation.measure(6)).toEqual(first);
    const other = [...opened.model.parameters].find(({ name }) => name === 'lm_head.weight')!;
    const size = other.shape.reduce((a, b) => a * b, 1);
    const tensor = { dtype: 'f32' as const, shape: other.shape, bytes: new Uint8Array(4 * size) };
    const slice = { name: other.name, dtype: 'f32' as const, globalShape: other.shape, offset: [0, 0], tensor };
    await opened.session.writeState([slice]);
    // Without a head all symbols of the vocabulary are as likely.
    const { total } = await validation.measure(7);
    expect(total.nats / total.tokens).toBeCloseTo(Math.log(320), 5);
    await validation.dispose();
    await opened.dispose();
  });

  it('needs held-out text', async () => {
    const { opened, request: asked } = await request();
    const opening = Validation.open({ ...asked, data: { ...asked.data, validation: null } });
    await expect(opening).rejects.toMatchObject({ code: 'config', location: { field: 'data.validation' } });
    await opened.dispose();
  });

  it('finds out that there is none before it is needed, and says which setting and how to make some', async () => {
    const validation = join(temporaryDirectory(), 'none');
    await expect(requireValidationText({ validation }, { rawIncluded: true })).rejects.toMatchObject({
      code: 'data',
      location: { file: validation, field: 'data.validation' },
      hint: expect.stringMatching(/`pc data import DIR --validation 0.1`.*`pc init`/),
    });
    // Text in the representation of training may be preprocessed, and the original gone.
    await expect(requireValidationText({ validation }, { rawIncluded: false })).resolves.toBeUndefined();
  });
});
