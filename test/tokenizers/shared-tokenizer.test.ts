import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { sharedTokenizer } from '../../src/tokenizers/shared-tokenizer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const MODELS = join(import.meta.dirname, '../fixtures/tokenizers/sentencepiece');
const model = (name: string) => gunzipSync(readFileSync(join(MODELS, `${name}.model.gz`)));

it('gives one instance for one file, and another once the file has changed', async () => {
  const path = join(temporaryDirectory(), 'tokenizer.model');
  writeFileSync(path, model('bpe-bytes'));
  const first = await sharedTokenizer(path);
  expect(await sharedTokenizer(path)).toBe(first);
  writeFileSync(path, model('bpe-suffix'));
  const changed = await sharedTokenizer(path);
  expect(changed.fingerprint).not.toBe(first.fingerprint);
});

it('does not take equal files for one', async () => {
  const folder = temporaryDirectory();
  const [one, two] = [join(folder, 'one.model'), join(folder, 'two.model')];
  writeFileSync(one, model('bpe-bytes'));
  copyFileSync(one, two);
  const [first, second] = [await sharedTokenizer(one), await sharedTokenizer(two)];
  expect(second).not.toBe(first);
  expect(second.fingerprint).toBe(first.fingerprint);
});
