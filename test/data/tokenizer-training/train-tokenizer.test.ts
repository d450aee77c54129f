import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { REQUEST_DEFAULTS, type TokenizerTrainingRequest } from '../../../src/data/tokenizer-training/options.js';
import { trainTokenizerOnData } from '../../../src/data/tokenizer-training/train-tokenizer.js';
import { InterruptedError } from '../../../src/support/errors.js';
import { TRAINING_DEFAULTS } from '../../../src/tokenizers/training/index.js';
import { realCode } from '../../tokenizers/rust-library.js';
import { jsonl, temporaryData } from '../temporary-data.js';

const texts = realCode(4).flatMap((text) => text.match(/[\s\S]{1,2000}/g)!);

function request(folder: string, changes: Partial<TokenizerTrainingRequest> = {}): TokenizerTrainingRequest {
  return {
    ...REQUEST_DEFAULTS,
    data: [join(folder, 'data')],
    output: join(folder, 'tokenizer.json'),
    tokenizer: { ...TRAINING_DEFAULTS, vocabularySize: 1000 },
    workers: 2,
    force: false,
    ...changes,
  };
}

describe('training a tokenizer on datasets', () => {
  it('gives the same for any number of workers, any memory, any order and format of the files', async () => {
    const folder = temporaryData({
      'data/a.jsonl': jsonl(texts.slice(0, 150)),
      'data/b.jsonl.gz': gzipSync(jsonl(texts.slice(150))),
      'reversed/a.jsonl': jsonl(texts.toReversed()),
    });
    const files = new Set<string>();
    const variants: Partial<TokenizerTrainingRequest>[] = [
      { workers: 1 },
      { workers: 3 },
      { memoryBytes: 2e5 },
      { data: [join(folder, 'reversed')] },
    ];
    for (const changes of variants) {
      const { output, documents } = await trainTokenizerOnData(
        request(folder, { ...changes, heldOutBytes: 0, force: true }),
      );
      expect(documents).toBe(texts.length);
      files.add(readFileSync(output, 'utf8'));
    }
    expect(files.size).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(['data', 'reversed', 'tokenizer.json']);
  });

  it('reads the corpus a second time for superwords, also where counts go to the disk', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const tokenizer = { ...TRAINING_DEFAULTS, kind: 'superbpe', vocabularySize: 1000 } as const;
    const files = new Set<string>();
    for (const memoryBytes of [REQUEST_DEFAULTS.memoryBytes, 2e5]) {
      const { output, superwordUnits } = await trainTokenizerOnData(
        request(folder, { tokenizer, memoryBytes, heldOutBytes: 0, force: true }),
      );
      expect(superwordUnits).toBeGreaterThan(0);
      files.add(readFileSync(output, 'utf8'));
    }
    expect(files.size).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(['data', 'tokenizer.json']);
  });

  it('holds out a hundredth, and trains on a sample of about the size asked for', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const whole = await trainTokenizerOnData(request(folder, { output: join(folder, 'whole.json.gz') }));
    expect(whole.textBytes + (whole.heldOut?.bytes ?? 0)).toBe(bytes);
    expect(whole.heldOut!.documents).toBeGreaterThan(0);
    expect(whole.heldOut!.bytes / bytes).toBeLessThan(0.05);
    expect(whole.heldOut!.bytesPerToken).toBeGreaterThan(1.5);
    const sampled = await trainTokenizerOnData(request(folder, { sampleBytes: bytes / 2, seed: 4 }));
    expect(sampled.textBytes / bytes).toBeGreaterThan(0.35);
    expect(sampled.textBytes / bytes).toBeLessThan(0.65);
  });

  it('overwrites nothing, stops on request, and then leaves nothing', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts), 'there.json': '{}' });
    const output = join(folder, 'there.json');
    await expect(trainTokenizerOnData(request(folder, { output }))).rejects.toMatchObject({ code: 'output' });
    const stop = new AbortController();
    const stopped = trainTokenizerOnData(
      request(folder, {
        signal: stop.signal,
        progress: () => stop.abort(new InterruptedError('stopped')),
      }),
    );
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(readdirSync(folder).sort()).toEqual(['data', 'there.json']);
  });

  it('leaves no folder that it made when it fails', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const output = join(folder, 'new/deeper/tokenizer.json');
    const stop = new AbortController();
    const stopped = request(folder, {
      output,
      signal: stop.signal,
      progress: () => stop.abort(new InterruptedError('stopped')),
    });
    await expect(trainTokenizerOnData(stopped)).rejects.toBeInstanceOf(InterruptedError);
    expect(readdirSync(folder)).toEqual(['data']);
  });

  it('says why it cannot write where it is told to', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const output = '/proc/pc-tokenizer/tokenizer.json';
    await expect(trainTokenizerOnData(request(folder, { output }))).rejects.toMatchObject({
      code: 'output',
      location: { file: output },
      hint: expect.any(String),
    });
  });

  it('reports how many tokens were asked for where the corpus has fewer', async () => {
    // The words "abc" and " abc" have ab and then abc in common; with the blank a pair occurs once.
    const folder = temporaryData({ 'data/a.jsonl': jsonl(['abc abc']) });
    const tokenizer = { ...TRAINING_DEFAULTS, vocabularySize: 300 };
    const report = await trainTokenizerOnData(request(folder, { tokenizer, heldOutBytes: 0 }));
    expect(report).toMatchObject({ tokens: 257 + 2, requested: { tokens: 300, minFrequency: 2 } });
  });

  it('names the place of a bad record, and says when there are no documents', async () => {
    const folder = temporaryData({ 'data/a.jsonl': `${jsonl(['one'])}{}\n`, 'empty/a.jsonl': '\n' });
    await expect(trainTokenizerOnData(request(folder))).rejects.toMatchObject({
      code: 'data',
      location: { file: join(folder, 'data/a.jsonl'), line: 2 },
    });
    const { passedOver } = await trainTokenizerOnData(request(folder, { onBadRecord: 'skip' }));
    expect(passedOver.bad).toBe(1);
    const empty = request(folder, { data: [join(folder, 'empty')], force: true, onBadRecord: 'skip' });
    await expect(trainTokenizerOnData(empty)).rejects.toThrow('there are no documents');
  });

  it('refuses a pattern that it cannot carry out before anything is written', async () => {
    for (const pattern of ['(', '(a)\\1']) {
      const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
      const refused = request(folder, { output: join(folder, 'new', 'tokenizer.json') });
      refused.tokenizer = { ...refused.tokenizer, pattern };
      await expect(trainTokenizerOnData(refused)).rejects.toMatchObject({
        code: 'tokenizer',
        location: { file: '--pattern' },
      });
      expect(readdirSync(folder)).toEqual(['data']);
    }
  });
});
