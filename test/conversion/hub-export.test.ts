import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SafetensorsFile, saveCheckpoint } from '../../src/checkpoints/index.js';
import { isFloatElement } from '../../src/conversion/float-elements.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { decoded } from './decoded.js';
import { killWhileConverting } from './killed-conversions.js';
import { exported, TINY_EVABYTE, TINY_OPENCODER, untrainedRun, valuesOf } from './models.js';

const json = (directory: string, name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));

/** All tensors of the safetensors files of a directory. */
async function weightsIn(directory: string): Promise<Map<string, { shape: number[]; values: Float32Array }>> {
  const weights = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.safetensors'))) {
    const file = await SafetensorsFile.open(join(directory, name));
    for (const { name, type, shape } of file.entries) {
      if (!isFloatElement(type)) throw new TypeError(`${name} is ${type}`);
      weights.set(name, { shape, values: await decoded(type, await file.read(name)) });
    }
    await file.close();
  }
  return weights;
}

describe('EvaByte on the hub', () => {
  it('has its published names and keys, and points to its published code', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    const output = join(directory, 'hub');
    const report = await exported(run, output);
    expect(report.files).toEqual([
      'README.md',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer_config.json',
    ]);
    expect(readdirSync(output).sort()).toEqual(report.files);
    expect(json(output, 'config.json')).toMatchObject({
      auto_map: {
        AutoConfig: 'EvaByte/EvaByte--configuration_evabyte.EvaByteConfig',
        AutoModelForCausalLM: 'EvaByte/EvaByte--modeling_evabyte.EvaByteForCausalLM',
      },
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_pred_heads: 2,
      window_size: 8,
      chunk_size: 4,
      max_position_embeddings: 16,
      norm_add_unit_offset: true,
      torch_dtype: 'float32',
      vocab_size: 320,
    });
    const ours = await valuesOf(run.checkpoint);
    const theirs = await weightsIn(output);
    expect(theirs.size).toBe(ours.size);
    for (const [name, values] of ours)
      expect(theirs.get(name === 'lm_head.weight' ? name : `model.${name}`)?.values).toEqual(values);
  });

  it('stops where text ends: at EOS, and where raw text stood between sentinels also at their end', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    await exported(run, join(directory, 'sentinel'));
    const data = { ...run.config.data, mix: 'vanilla' as const };
    await exported(run, join(directory, 'vanilla'), { run: { ...run.config, data } });
    const eos = (name: string) => json(join(directory, name), 'generation_config.json').eos_token_id;
    expect(eos('sentinel')).toEqual([2, 13]);
    expect(eos('vanilla')).toBe(2);
  });

  it('without raw heads keeps the whole vocabulary, in the embedding as in the heads', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), { ...TINY_EVABYTE, rawHeads: 1 }, { compressed: 5 });
    const { leftOut } = await exported(run, join(directory, 'hub'));
    expect(leftOut).toEqual(['the head over the raw vocabulary']);
    expect(json(join(directory, 'hub'), 'config.json')).toMatchObject({ vocab_size: 325, num_pred_heads: 2 });
    const weights = await weightsIn(join(directory, 'hub'));
    expect(weights.get('model.embed_tokens.weight')?.shape).toEqual([325, 8]);
    expect(weights.get('lm_head.weight')?.shape).toEqual([650, 8]);
    expect(weights.has('model.raw_multibyte_lm_head.weight')).toBe(false);
  });

  it('with raw heads merged is over the raw vocabulary alone: first rows of every head, then the raw heads', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), { ...TINY_EVABYTE, rawHeads: 2 }, { compressed: 5 });
    const { leftOut } = await exported(run, join(directory, 'hub'), { rawHeads: 'merge' });
    expect(leftOut).toEqual(['ids 320–324 of every table']);
    expect(json(join(directory, 'hub'), 'config.json')).toMatchObject({ vocab_size: 320, num_pred_heads: 4 });
    const weights = await weightsIn(join(directory, 'hub'));
    const ours = await valuesOf(run.checkpoint);
    const embedding = weights.get('model.embed_tokens.weight')!;
    expect(embedding.shape).toEqual([320, 8]);
    expect(embedding.values).toEqual(ours.get('embed_tokens.weight')!.slice(0, 320 * 8));
    const heads = weights.get('lm_head.weight')!;
    expect(heads.shape).toEqual([4 * 320, 8]);
    const main = ours.get('lm_head.weight')!;
    const merged = [
      main.slice(0, 320 * 8),
      main.slice(325 * 8, (325 + 320) * 8),
      ours.get('raw_multibyte_lm_head.weight')!,
    ];
    expect([...heads.values]).toEqual(merged.flatMap((part) => [...part]));
  });

  it('has no raw heads to merge where it was trained without', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    await expect(exported(run, join(directory, 'hub'), { rawHeads: 'merge' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no raw heads'),
    });
  });
});

describe('OpenCoder on the hub', () => {
  it('is a Llama: rows of queries and keys stand by the halves of heads, all else as it is', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_OPENCODER);
    await exported(run, join(directory, 'hub'));
    expect(json(join(directory, 'hub'), 'config.json')).toMatchObject({
      architectures: ['LlamaForCausalLM'],
      head_dim: 6,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      rope_scaling: null,
      tie_word_embeddings: false,
    });
    const ours = await valuesOf(run.checkpoint);
    const theirs = await weightsIn(join(directory, 'hub'));
    expect(theirs.get('model.layers.1.mlp.down_proj.weight')?.values).toEqual(
      ours.get('layers.1.feed_forward.w2.weight'),
    );
    const row = (values: Float32Array, index: number) => [...values.subarray(index * 12, (index + 1) * 12)];
    const keys = {
      ours: ours.get('layers.0.attention.wk.weight')!,
      theirs: theirs.get('model.layers.0.self_attn.k_proj.weight')!.values,
    };
    // Of each head, pairs (0, 1) (2, 3) (4, 5) become (0, 3) (1, 4) (2, 5).
    for (const head of [0, 1])
      for (const [theirRow, ourRow] of [0, 2, 4, 1, 3, 5].entries())
        expect(row(keys.theirs, head * 6 + theirRow)).toEqual(row(keys.ours, head * 6 + ourRow));
  });

  it('leaves the output out where it is the embedding, and all heads but the first', async () => {
    const directory = temporaryDirectory();
    const tied = await untrainedRun(join(directory, 'tied'), { ...TINY_OPENCODER, tiedEmbedding: true });
    await exported(tied, join(directory, 'tied-hub'));
    expect(json(join(directory, 'tied-hub'), 'config.json').tie_word_embeddings).toBe(true);
    expect((await weightsIn(join(directory, 'tied-hub'))).has('lm_head.weight')).toBe(false);
    const several = await untrainedRun(join(directory, 'several'), {
      ...TINY_OPENCODER,
      predictionHeads: 2,
      rawHeads: 1,
    });
    const { leftOut } = await exported(several, join(directory, 'several-hub'));
    expect(leftOut).toEqual(['all but the first of 2 prediction heads', 'the head over the raw vocabulary']);
    const { values } = (await weightsIn(join(directory, 'several-hub'))).get('lm_head.weight')!;
    expect(values).toEqual((await valuesOf(several.checkpoint)).get('output.weight')!.slice(0, 320 * 12));
  });
});

describe('an export', () => {
  it('divides its weights into files of bounded size, which an index tells apart', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    const whole = await exported(run, join(directory, 'whole'));
    const { files } = await exported(run, join(directory, 'shards'), { shardBytes: 11_000, dtype: 'bf16' });
    const { metadata, weight_map: map } = json(join(directory, 'shards'), 'model.safetensors.index.json');
    expect(metadata).toEqual({ total_parameters: whole.parameters, total_size: whole.bytes / 2 });
    expect(new Set(Object.values(map))).toEqual(new Set(files.filter((name) => name.endsWith('.safetensors'))));
    const count = new Set(Object.values(map)).size;
    expect(count).toBeGreaterThan(1);
    expect(files).toContain(`model-00001-of-0000${count}.safetensors`);
    for (const [name, file] of Object.entries(map)) {
      const shard = await SafetensorsFile.open(join(directory, 'shards', file as string));
      expect(shard.entry(name).type).toBe('BF16');
      expect(shard.metadata).toEqual({ format: 'pt' });
      const bytes = shard.entries.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (shard.entries.length > 1) expect(bytes).toBeLessThanOrEqual(11_000);
      await shard.close();
    }
  });

  it('refuses values that the type cannot hold, and leaves nothing', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    const slices = [];
    for await (const slice of run.checkpoint.tensors()) {
      const bytes = slice.tensor.bytes.slice();
      if (slice.name === 'norm.weight') new DataView(bytes.buffer).setFloat32(4, 65_520, true);
      slices.push({ ...slice, tensor: { ...slice.tensor, bytes } });
    }
    const { state, configYaml } = run.checkpoint;
    const path = await saveCheckpoint(join(directory, 'large'), {
      step: 1,
      state,
      configYaml,
      slices,
      isOptimizer: () => false,
    });
    const { openCheckpoint } = await import('../../src/checkpoints/index.js');
    const large = { ...run, checkpoint: await openCheckpoint(path) };
    await expect(exported(large, join(directory, 'hub'), { dtype: 'fp16' })).rejects.toMatchObject({
      code: 'checkpoint',
      message: 'model.norm.weight has values that are too large for fp16',
    });
    expect(readdirSync(directory).sort()).toEqual(['large', 'run']);
    await expect(exported(large, join(directory, 'hub'), { dtype: 'bf16' })).resolves.toMatchObject({ tensors: 25 });
  });

  it('that is killed leaves nothing that looks finished, nor does an import, whatever the instant', async () => {
    await killWhileConverting(2);
  });

  it('that is interrupted leaves nothing', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('stopped'));
    await expect(exported(run, join(directory, 'hub'), { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    expect(readdirSync(directory)).toEqual(['run']);
  });

  it('replaces only what is an export too, and only when told to', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    const output = join(directory, 'hub');
    await exported(run, output);
    await expect(exported(run, output)).rejects.toMatchObject({ code: 'output' });
    await expect(exported(run, output, { force: true, dtype: 'fp16' })).resolves.toMatchObject({ dtype: 'fp16' });
    mkdirSync(join(directory, 'thesis'));
    writeFileSync(join(directory, 'thesis', 'chapter.tex'), '');
    await expect(exported(run, join(directory, 'thesis'), { force: true })).rejects.toMatchObject({
      code: 'output',
      message: expect.stringContaining('does not hold a model'),
    });
  });

  it('tells what it was trained on, by which compressor and schedule, and what it scored', async () => {
    const directory = temporaryDirectory();
    const run = await untrainedRun(join(directory, 'run'), TINY_EVABYTE, { compressed: 5 });
    const scores = {
      bits_per_byte: 1.23456,
      interval: { low: 1.2, high: 1.3 },
      num_bytes: 12_345,
      sources: [],
      model: { step: 40 },
    };
    const conditions = { representation: { raw_only: true }, data: '/home/somebody/validation', context: 16 };
    mkdirSync(join(directory, 'run/evaluations/raw'), { recursive: true });
    writeFileSync(join(directory, 'run/evaluations/raw/val_results.json'), JSON.stringify({ ...scores, conditions }));
    await exported(run, join(directory, 'hub'), { runDirectory: join(directory, 'run') });
    const card = readFileSync(join(directory, 'hub/README.md'), 'utf8');
    expect(card).toContain('| mix | sentinel, 50 % compressed |');
    expect(card).toContain('| compressor | gzip (`gzip:zlib-canonical:level=9`) |');
    expect(card).toContain('| training | 40 steps of 2 × 16 symbols, seed 42 |');
    expect(card).toContain('| raw bytes | validation, 12,345 bytes | 16 | 1.2346 (95 %: 1.2000–1.3000) |');
    expect(card).not.toContain('/home/somebody');
  });
});
