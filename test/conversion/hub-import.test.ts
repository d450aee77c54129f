import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, SafetensorsFile, trainedVocabularyOf } from '../../src/checkpoints/index.js';
import { importFromHub } from '../../src/conversion/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { exported, TINY_EVABYTE, TINY_OPENCODER, untrainedRun, valuesOf } from './models.js';

const bits = (values: Float32Array | undefined) => Buffer.from(values!.buffer, values!.byteOffset, values!.byteLength);

function edit(file: string, change: (content: Record<string, unknown>) => void): void {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  change(content);
  writeFileSync(file, JSON.stringify(content));
}

describe.each([
  { name: 'EvaByte', model: TINY_EVABYTE, compressed: 7 },
  { name: 'OpenCoder with an output of its own', model: TINY_OPENCODER, compressed: 0 },
  { name: 'OpenCoder with a tied embedding', model: { ...TINY_OPENCODER, tiedEmbedding: true }, compressed: 7 },
])('$name to the hub and back', ({ model, compressed }) => {
  it.each([5e9, 1e5, 1e3])('is the same to the bit, in files of %d bytes', async (shardBytes) => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), model, { compressed });
    await exported(run, join(directory, 'hub'), { shardBytes });
    await importFromHub(join(directory, 'hub'), { output: join(directory, 'back'), force: false });
    const back = await openCheckpoint(join(directory, 'back'));
    const [before, after] = [await valuesOf(run.checkpoint), await valuesOf(back)];
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [name, values] of before) expect(bits(after.get(name)).equals(bits(values)), name).toBe(true);
    expect(trainedVocabularyOf(back)).toEqual(trainedVocabularyOf(run.checkpoint));
    expect(back.step).toBe(40);
  });
});

describe('a model of the hub', () => {
  /** An export whose files a test damages. */
  async function hubModel(model: object = TINY_EVABYTE, shardBytes = 5e9) {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), model);
    await exported(run, join(directory, 'hub'), { shardBytes });
    const config = (change: (content: Record<string, unknown>) => void) =>
      edit(join(directory, 'hub/config.json'), change);
    const index = (change: (content: Record<string, unknown>) => void) =>
      edit(join(directory, 'hub/model.safetensors.index.json'), change);
    const imported = () => importFromHub(join(directory, 'hub'), { output: join(directory, 'back'), force: false });
    return { directory, hub: join(directory, 'hub'), run, config, index, imported };
  }

  it('of 16 bits becomes one of 32, of the same values', async () => {
    const { directory, run } = await hubModel();
    for (const dtype of ['bf16', 'fp16'] as const) {
      await exported(run, join(directory, dtype), { dtype });
      await importFromHub(join(directory, dtype), { output: join(directory, `${dtype}-back`), force: false });
      const back = await valuesOf(await openCheckpoint(join(directory, `${dtype}-back`)));
      const largest = { bf16: 2 ** -8, fp16: 2 ** -11 }[dtype];
      for (const [name, values] of await valuesOf(run.checkpoint))
        for (const [i, value] of values.entries())
          expect(Math.abs(back.get(name)![i]! - value)).toBeLessThanOrEqual(largest * Math.abs(value) + 2 ** -25);
    }
  });

  it('that says nothing of its training is one of raw bytes without sentinels', async () => {
    const { config, imported, directory } = await hubModel();
    config((content) => delete content.proxy_compression);
    await imported();
    const back = await openCheckpoint(join(directory, 'back'));
    expect(trainedVocabularyOf(back).layout).toMatchObject({ size: 320, alphabetSize: 0, rawIncluded: true });
    expect(back.configYaml).toContain('mix: vanilla');
  });

  it.each([
    ['rope_scaling', { type: 'linear', factor: 2 }],
    ['hidden_act', 'gelu'],
    ['attention_bias', true],
    ['sliding_window', 4096],
  ])('with %s of another value is refused by that name', async (key, value) => {
    const { config, imported } = await hubModel(key === 'sliding_window' ? TINY_OPENCODER : TINY_EVABYTE);
    config((content) => {
      content[key] = value;
    });
    await expect(imported()).rejects.toMatchObject({ code: 'checkpoint', location: { field: key } });
  });

  it('of the type mistral has a sliding window unless it says that it has none', async () => {
    const { config, imported } = await hubModel(TINY_OPENCODER);
    config((content) => {
      content.model_type = 'mistral';
    });
    await expect(imported()).rejects.toMatchObject({ location: { field: 'sliding_window' } });
    config((content) => {
      content.sliding_window = null;
    });
    await expect(imported()).resolves.toMatchObject({ architecture: 'opencoder' });
  });

  it('is refused before it is read, or its layers are counted out, where no real one is as large', async () => {
    const { config, imported, hub } = await hubModel(TINY_OPENCODER);
    config((content) => {
      content.num_hidden_layers = 4e9;
    });
    await expect(imported()).rejects.toMatchObject({ code: 'checkpoint', location: { field: 'layers' } });
    truncateSync(join(hub, 'config.json'), 2 ** 40);
    await expect(imported()).rejects.toThrow(/has 1099511627776 bytes, and may have/);
  });

  it('without a config.json, or with one that is no object, is refused with its place told once', async () => {
    const { imported, hub } = await hubModel();
    const file = join(hub, 'config.json');
    writeFileSync(file, '[]');
    await expect(imported()).rejects.toMatchObject({ message: 'config.json is no JSON object', location: { file } });
    rmSync(file);
    await expect(imported()).rejects.toMatchObject({ message: 'there is no config.json', location: { file } });
    mkdirSync(file);
    await expect(imported()).rejects.toMatchObject({
      message: 'config.json is not a regular file',
      location: { file },
    });
  });

  it('of another kind, or without a size, is refused by name', async () => {
    const { config, imported } = await hubModel();
    config((content) => delete content.window_size);
    await expect(imported()).rejects.toMatchObject({ message: 'window_size is missing' });
    config((content) => {
      content.model_type = 'gpt2';
    });
    await expect(imported()).rejects.toMatchObject({ message: 'models of the type "gpt2" are not supported' });
  });

  it('whose weights are of another model is refused by the tensor', async () => {
    const { config, imported } = await hubModel();
    config((content) => {
      content.num_hidden_layers = 3;
    });
    await expect(imported()).rejects.toMatchObject({
      message: 'tensor model.layers.2.input_layernorm.weight is missing',
    });
    config((content) => {
      content.num_hidden_layers = 1;
    });
    await expect(imported()).rejects.toMatchObject({
      message: expect.stringMatching(/there is a tensor model\.layers\.1\./),
    });
    config((content) => Object.assign(content, { num_hidden_layers: 2, vocab_size: 321 }));
    await expect(imported()).rejects.toMatchObject({
      message: 'tensor model.embed_tokens.weight is [320,8], and should be [321,8]',
    });
  });

  it('is not read from outside of its folder', async () => {
    const { index, imported, hub, directory } = await hubModel(TINY_EVABYTE, 1e3);
    const firstShard = readdirSync(hub).find((name) => name.endsWith('.safetensors'))!;
    cpSync(join(hub, firstShard), join(directory, 'secret.safetensors'));
    index((content) => {
      content.weight_map = { 'model.norm.weight': '../secret.safetensors' };
    });
    await expect(imported()).rejects.toMatchObject({ message: expect.stringContaining('no index') });
  });

  it('is told to be a folder where one of its files is given', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'model.safetensors');
    writeFileSync(file, '');
    await expect(importFromHub(file, { output: join(directory, 'x'), force: false })).rejects.toMatchObject({
      code: 'checkpoint',
      hint: expect.stringContaining(directory),
    });
  });

  it('with a file missing, or pickled weights, is refused', async () => {
    const { imported, hub } = await hubModel();
    renameSync(join(hub, 'model.safetensors'), join(hub, 'pytorch_model.bin'));
    await expect(imported()).rejects.toMatchObject({ hint: expect.stringContaining('pickle') });
  });

  it('may hold tables of angles, which are computed', async () => {
    const { imported, hub } = await hubModel();
    const file = await SafetensorsFile.open(join(hub, 'model.safetensors'));
    const header = Object.fromEntries(
      file.entries.map(({ name, type, shape, position, byteLength }) => {
        const begin = position - file.headerBytes.byteLength;
        return [name, { dtype: type, shape, data_offsets: [begin, begin + byteLength] }];
      }),
    );
    const end = Math.max(...Object.values(header).map(({ data_offsets }) => data_offsets[1]!));
    header['model.rotary_emb.inv_freq'] = { dtype: 'F32', shape: [2], data_offsets: [end, end + 8] };
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    const data = readFileSync(join(hub, 'model.safetensors')).subarray(file.headerBytes.byteLength);
    await file.close();
    writeFileSync(join(hub, 'model.safetensors'), Buffer.concat([length, json, data, Buffer.alloc(8)]));
    await expect(imported()).resolves.toMatchObject({ tensors: 25 });
  });
});
