import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CheckpointError } from '../../src/support/errors.js';
import { tinyProject, trainTiny } from './tiny-training.js';

const MODELS = join(import.meta.dirname, '../fixtures/tokenizers/sentencepiece');
const model = (name: string) => gunzipSync(readFileSync(join(MODELS, `${name}.model.gz`)));

it('does not go on with a run whose tokenizer has become another one', async () => {
  const project = tinyProject();
  const tokenizer = join(project, 'tokenizer.model');
  writeFileSync(tokenizer, model('bpe-bytes'));
  const set = ['steps=4', 'data.compressor=token-bytes', `compressors.token-bytes.tokenizer=${tokenizer}`];
  await trainTiny(project, { set, stopAfter: 2 });
  writeFileSync(tokenizer, model('bpe-suffix'));
  const resumed = trainTiny(project, { start: { kind: 'resume', checkpoint: null } });
  await expect(resumed).rejects.toThrowError(CheckpointError);
  await expect(resumed).rejects.toMatchObject({
    message: /was trained on codes of token-bytes/,
    location: { field: 'compressors' },
    hint: /tokenizer.*--from/,
  });
  writeFileSync(tokenizer, model('bpe-bytes'));
  expect((await trainTiny(project, { start: { kind: 'resume', checkpoint: null } })).step).toBe(4);
});

it('says so when a new run trains weights on other codes than before', async () => {
  const project = tinyProject();
  const { checkpoint } = await trainTiny(project, { set: ['steps=1'] });
  const problems: string[] = [];
  const start = { kind: 'from', checkpoint: checkpoint! } as const;
  const onProblem = (message: string) => void problems.push(message);
  await trainTiny(project, { name: 'same', set: ['steps=1'], start, onProblem });
  expect(problems).toEqual([]);
  await trainTiny(project, {
    name: 'other',
    set: ['steps=1', 'data.compressor=doublebit', 'vocabulary.size=320'],
    start,
    onProblem,
  });
  expect(problems).toEqual([expect.stringMatching(/codes of bit:1; this run .* codes of doublebit:1/)]);
});
