import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  encodeHeader,
  openCheckpoint,
  SafetensorsFile,
  SafetensorsWriter,
  trainedModelOf,
} from '../../src/checkpoints/index.js';
import { importFromHub } from '../../src/conversion/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { atPositions, LLAMA_CASES, PROMPT } from './llama-cases.js';
import { deviation, floatsIn, logitsOf } from './logits.js';
import { untrainedRun } from './models.js';

const fixture = (path: string) => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

describe('OpenCoder', () => {
  it.each(LLAMA_CASES)('$name: exported, `transformers` computed the same logits', async ({ name, model, seed }) => {
    const golden = (await floatsIn(fixture('conversion/llama-logits.safetensors'))).get(name)!;
    const run = await untrainedRun(temporaryDirectory(), model, { seed });
    const logits = atPositions(await logitsOf(run.checkpoint, run.model, PROMPT));
    expect(golden.reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBeGreaterThan(0.1);
    expect(deviation(logits, golden)).toBeLessThan(1e-4);
  });
});

/** A golden's weights as the hub has them. */
async function hubOfGolden(golden: SafetensorsFile, directory: string): Promise<void> {
  const number = (name: string) => Number(golden.metadata[name]);
  const keys = ['hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'num_pred_heads'];
  const more = ['window_size', 'chunk_size', 'rope_theta', 'rms_norm_eps', 'vocab_size'];
  const config = {
    model_type: 'evabyte',
    norm_add_unit_offset: true,
    max_position_embeddings: golden.entry('input_ids').shape[1],
    ...Object.fromEntries([...keys, ...more].map((key) => [key, number(key)])),
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const parameters = golden.entries.filter(({ name }) => name.startsWith('param.'));
  const specs = parameters.map(({ name, type, shape }) => ({
    name: name === 'param.lm_head.weight' ? 'lm_head.weight' : name.replace('param.', 'model.'),
    type,
    shape,
  }));
  const writer = await SafetensorsWriter.create(join(directory, 'model.safetensors'), encodeHeader(specs).byteLength);
  for (const [index, { name }] of parameters.entries()) await writer.append(specs[index]!, await golden.read(name));
  await writer.finish();
}

describe('EvaByte', () => {
  it.each([
    { golden: 'evabyte_plain', documentMask: false },
    { golden: 'evabyte_docmask_heads3', documentMask: true },
  ])(
    'gives the logits of the reference for weights under their published names: $golden',
    async ({ golden: name, documentMask }) => {
      const directory = temporaryDirectory();
      const golden = await SafetensorsFile.open(fixture(`goldens/${name}.safetensors`));
      await hubOfGolden(golden, directory);
      await importFromHub(directory, { output: join(directory, 'imported'), force: false });
      const checkpoint = await openCheckpoint(join(directory, 'imported'));
      const [rows, length] = golden.entry('input_ids').shape as [number, number];
      const ids = Array.from(new BigInt64Array((await golden.read('input_ids')).slice().buffer), Number);
      const expected = new Float32Array((await golden.read('logits')).slice().buffer);
      await golden.close();
      const { options } = trainedModelOf(checkpoint);
      for (let row = 0; row < rows; row++) {
        const logits = await logitsOf(checkpoint, options, ids.slice(row * length, (row + 1) * length), documentMask);
        expect(deviation(logits, expected.subarray(row * logits.length, (row + 1) * logits.length))).toBeLessThan(1e-5);
      }
    },
  );
});
