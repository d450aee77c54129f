import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildCodebook } from '../../../src/data/codebook-building/build-codebook.js';
import { codebookFacts } from '../../../src/data/codebook-building/codebook-facts.js';
import { BUILD_DEFAULTS, type CountsRequest } from '../../../src/data/codebook-building/options.js';
import { sampleCorpus } from '../../../src/data/codebook-building/sample.js';
import { verifyCodebook } from '../../../src/data/codebook-building/verify-codebook.js';
import { readCodebook } from '../../../src/neural-coding/codebook-file.js';
import { CodebookError, DataError, OutputError } from '../../../src/support/errors.js';
import { realCode } from '../../tokenizers/rust-library.js';
import { jsonl, temporaryData } from '../temporary-data.js';

const texts = realCode(4).flatMap((text) => text.match(/[\s\S]{1,2000}/g)!);

function request(folder: string, changes: Partial<CountsRequest> = {}): CountsRequest {
  return {
    ...BUILD_DEFAULTS,
    source: 'counts',
    data: [join(folder, 'data')],
    output: join(folder, 'code.codebook'),
    windowBits: 12,
    rounds: 2,
    starts: 'random',
    validation: null,
    workers: 2,
    force: false,
    ...changes,
  };
}

describe('building a codebook from counts', () => {
  it('gives the same file for any number of workers, which names the data without where they lie', async () => {
    const folder = temporaryData({
      'data/a.jsonl': jsonl(texts.slice(0, 150)),
      'data/b.jsonl.gz': gzipSync(jsonl(texts.slice(150))),
    });
    const files = new Set<string>();
    for (const workers of [1, 2]) {
      const { output, documents } = await buildCodebook(request(folder, { workers, force: true }));
      expect(documents).toBe(texts.length);
      files.add(readFileSync(output, 'base64'));
    }
    expect(files.size).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(['code.codebook', 'data']);
    const { provenance } = await readCodebook(join(folder, 'code.codebook'));
    expect(provenance.source).toBe('counts');
    expect(provenance.corpus).toMatch(/^data \([0-9a-f]{16}\): /);
    expect(provenance.corpus).not.toContain(folder);
  });

  it('keeps the round with the longest windows on held-out text', async () => {
    const folder = temporaryData({
      'data/a.jsonl': jsonl(texts.filter((_, index) => index % 4 > 0)),
      'validation/a.jsonl': jsonl(texts.filter((_, index) => index % 4 === 0)),
    });
    const validation = join(folder, 'validation');
    const report = await buildCodebook(request(folder, { validation, rounds: 4 }));
    const lengths = report.rounds.map(({ heldOut }) => heldOut!.bytesPerWindow!);
    expect(report.rounds[0]!.starts).toBe('random');
    expect(report.rounds[1]!.starts).toBe('windows');
    expect(lengths[report.kept]).toBe(Math.max(...lengths));
    // What was written is what was measured.
    const facts = await codebookFacts(report.output, { data: { path: validation, onBadRecord: 'fail' }, top: 3 });
    expect(facts.fingerprint).toBe(report.fingerprint);
    expect(facts.data!.statistics).toEqual(report.rounds[report.kept]!.heldOut);
    expect(facts.data!.frequentPhrases).toHaveLength(3);
    expect(facts.data!.collisions.quantiles).toBeNull();
  });

  it('counts at the windows of a codebook that is given', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts.slice(0, 100)) });
    const first = await buildCodebook(request(folder, { rounds: 1 }));
    const both = await buildCodebook(request(folder, { rounds: 2, force: true, output: join(folder, 'both') }));
    const starts = { codebook: first.output };
    const second = await buildCodebook(request(folder, { rounds: 1, starts, output: join(folder, 'second') }));
    expect(second.rounds[0]!.starts).toBe('windows');
    expect(second.rounds[0]!.counted).toEqual(both.rounds[1]!.counted);
    expect(second.rounds[0]!.heldOut).toEqual(both.rounds[1]!.heldOut);
  });

  it.each(['strict', 'lester', 'dense'] as const)(
    'makes a sound codebook, and can make it again, for coder %s',
    async (coder) => {
      const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
      const frequencies = join(folder, 'code.frequencies');
      const { output, rounds } = await buildCodebook(request(folder, { coder, rounds: 1, frequencies }));
      const data = { path: join(folder, 'data'), onBadRecord: 'fail' } as const;
      const verified = await verifyCodebook(output, { data, frequencies });
      expect(verified.documents).toBe(texts.length);
      expect(verified.recompiled).toBe(true);
      expect(verified.codes.unique).toBeGreaterThan(255);
      expect(verified.codes.shared > 0).toBe(coder === 'lester');
      expect(rounds[0]!.heldOut!.ambiguousShare > 0).toBe(coder === 'lester');
    },
  );

  it('is told from frequencies of another codebook, and from what are none', async () => {
    const folder = temporaryData({ 'a/a.jsonl': jsonl(texts.slice(0, 20)), 'b/b.jsonl': jsonl(texts.slice(20, 40)) });
    for (const name of ['a', 'b'])
      await buildCodebook(
        request(folder, {
          rounds: 1,
          data: [join(folder, name)],
          output: join(folder, `${name}.codebook`),
          frequencies: join(folder, `${name}.frequencies`),
        }),
      );
    const content = readFileSync(join(folder, 'a.frequencies'));
    writeFileSync(join(folder, 'cut'), content.subarray(0, content.length >> 1));
    for (const name of ['b.frequencies', 'a/a.jsonl', 'none', 'cut']) {
      const verified = verifyCodebook(join(folder, 'a.codebook'), { data: null, frequencies: join(folder, name) });
      await expect(verified).rejects.toThrow(CodebookError);
    }
  });

  it('leaves neither the codebook nor its frequencies where one cannot be written', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts.slice(0, 5)), 'file/below': '' });
    const [output, frequencies] = [join(folder, 'code.codebook'), join(folder, 'code.frequencies')];
    const below = join(folder, 'file', 'below', 'it');
    for (const unwritable of [
      { output, frequencies: join(folder, 'data') },
      { output, frequencies: below },
      { output: below, frequencies },
    ]) {
      const built = buildCodebook(request(folder, { ...unwritable, rounds: 1, force: true }));
      await expect(built).rejects.toThrow(OutputError);
      expect([existsSync(output), existsSync(frequencies)]).toEqual([false, false]);
    }
  });

  it('tells what integers cost, of the counts of every round', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts.slice(0, 20)) });
    const { rounds } = await buildCodebook(request(folder, { rounds: 1 }));
    const { bitsPerByte, bitsPerWindow } = rounds[0]!.quantisationLoss;
    expect(bitsPerByte).toBeGreaterThan(0);
    expect(bitsPerWindow).toBeGreaterThan(bitsPerByte);
  });

  it('leaves a codebook that exists, and nothing where it fails', async () => {
    const folder = temporaryData({ 'data/a.jsonl': `${jsonl(texts.slice(0, 5))}{"text": 1}\n`, 'empty/a.jsonl': '' });
    await expect(buildCodebook(request(folder))).rejects.toThrow(DataError);
    await expect(buildCodebook(request(folder, { data: [join(folder, 'empty')] }))).rejects.toThrow(/no text/);
    await expect(buildCodebook(request(folder, { onBadRecord: 'skip', memoryBytes: 1 }))).rejects.toThrow(/no text/);
    await expect(
      buildCodebook(request(folder, { onBadRecord: 'skip', starts: { codebook: join(folder, 'none') } })),
    ).rejects.toThrow(CodebookError);
    const reason = new Error('stopped');
    const stopped = buildCodebook(request(folder, { onBadRecord: 'skip', signal: AbortSignal.abort(reason) }));
    await expect(stopped).rejects.toBe(reason);
    expect(existsSync(join(folder, 'code.codebook'))).toBe(false);
    writeFileSync(join(folder, 'code.codebook'), 'mine');
    await expect(buildCodebook(request(folder, { onBadRecord: 'skip' }))).rejects.toThrow(OutputError);
    expect(readFileSync(join(folder, 'code.codebook'), 'utf8')).toBe('mine');
  });
});

describe('a sample of datasets', () => {
  const options = { onBadRecord: 'fail', seed: 0, heldOut: 0 } as const;

  it('holds all text where it fits', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const { sample, textBytes } = await sampleCorpus({ ...options, paths: [join(folder, 'data')], mostBytes: 1e9 });
    expect(Buffer.from(sample.bytes).toString()).toBe(texts.join(''));
    expect(textBytes).toBe(sample.bytes.length);
  });

  it('holds the same documents of a larger dataset, in whatever files and threads they come', async () => {
    const folder = temporaryData({
      'one/a.jsonl': jsonl(texts),
      'two/a.jsonl': jsonl(texts.slice(100).toReversed()),
      'two/b.jsonl': jsonl(texts.slice(0, 100)),
    });
    const mostBytes = Buffer.byteLength(texts.join('')) / 3;
    const kept = await Promise.all(
      [
        { data: 'one', workers: 1 },
        { data: 'two', workers: 3 },
      ].map(async ({ data, workers }) => {
        const { sample } = await sampleCorpus({ ...options, paths: [join(folder, data)], mostBytes, workers });
        let begin = 0;
        return Array.from(sample.ends, (end) => {
          const text = Buffer.from(sample.bytes.subarray(begin, end)).toString();
          begin = end;
          return text;
        });
      }),
    );
    expect(kept[1]!.toSorted()).toEqual(kept[0]!.toSorted());
    for (const text of kept[0]!) expect(texts).toContain(text);
    const bytes = Buffer.byteLength(kept[0]!.join(''));
    expect(bytes).toBeLessThanOrEqual(mostBytes);
    expect(bytes).toBeGreaterThan(mostBytes / 2);
  });

  it('holds out documents whole, and leaves them out of the sample', async () => {
    const folder = temporaryData({ 'data/a.jsonl': jsonl(texts) });
    const paths = [join(folder, 'data')];
    const { sample, heldOut } = await sampleCorpus({ ...options, paths, mostBytes: 1e9, heldOut: 0.1 });
    const out = heldOut.map((bytes) => Buffer.from(bytes).toString());
    expect(out.length).toBeGreaterThan(0);
    for (const text of out) expect(texts).toContain(text);
    const rest = texts.filter((text) => !out.includes(text));
    expect(Buffer.from(sample.bytes).toString()).toBe(rest.join(''));
  });
});
