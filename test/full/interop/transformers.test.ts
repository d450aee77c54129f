import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeHeader, openCheckpoint, SafetensorsWriter, trainedModelOf } from '../../../src/checkpoints/index.js';
import { importFromHub } from '../../../src/conversion/index.js';
import { atPositions, LLAMA_CASES, POSITIONS, PROMPT, VOCABULARY } from '../../conversion/llama-cases.js';
import { deviation, floatsIn, logitsOf } from '../../conversion/logits.js';
import { exported, TINY_OPENCODER, untrainedRun } from '../../conversion/models.js';
import { pythonWith } from '../../support/python-with.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const SCRIPT = fileURLToPath(new URL('ask_transformers.py', import.meta.url));
const GOLDEN = fileURLToPath(new URL('../../fixtures/conversion/llama-logits.safetensors', import.meta.url));

const found = await pythonWith({
  name: 'transformers',
  packages: ['torch', 'transformers'],
  probe: 'import torch, transformers, safetensors',
  timeout: 20 * 60_000,
});
if ('missing' in found) console.log(`transformers is not asked: ${found.missing}`);

async function python(...args: string[]): Promise<string> {
  if ('missing' in found) throw new Error(found.missing);
  const environment = { ...process.env, HF_HUB_OFFLINE: '1', TRANSFORMERS_OFFLINE: '1' };
  return (await promisify(execFile)(found.python, [SCRIPT, ...args], { env: environment })).stdout;
}

/** Files that both sides use. */
function workplace() {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  writeFileSync(at('ids.json'), JSON.stringify(PROMPT));
  return { at, theirs: async () => (await floatsIn(at('logits.safetensors'))).get('logits')! };
}

describe.skipIf('missing' in found)('transformers', () => {
  const goldens = new Map<string, Float32Array>();

  it.each(LLAMA_CASES)('$name: loads what is exported and computes the same logits', async ({ name, model, seed }) => {
    const { at, theirs } = workplace();
    const run = await untrainedRun(at('run'), model, { seed });
    await exported(run, at('hub'), { shardBytes: 5_000 });
    await python('logits', at('hub'), at('ids.json'), at('logits.safetensors'));
    const expected = await theirs();
    expect(deviation(await logitsOf(run.checkpoint, run.model, PROMPT), expected)).toBeLessThan(1e-4);
    goldens.set(name, atPositions(expected));
  });

  it.each([
    { name: 'grouped', config: { num_key_value_heads: 2, head_dim: 6, tie_word_embeddings: false } },
    { name: 'tied', config: { num_key_value_heads: 4, head_dim: 6, tie_word_embeddings: true, rope_theta: 777 } },
  ])('$name: a model that it made and saved is read, and computes the same logits here', async ({ config }) => {
    const { at, theirs } = workplace();
    const sizes = {
      vocab_size: VOCABULARY,
      hidden_size: TINY_OPENCODER.hiddenSize,
      intermediate_size: TINY_OPENCODER.intermediateSize,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      max_position_embeddings: 256,
      // Far from uniform, so that the comparison is of something.
      initializer_range: 0.5,
    };
    await python('make', at('hub'), at('ids.json'), at('logits.safetensors'), JSON.stringify({ ...sizes, ...config }));
    await importFromHub(at('hub'), { output: at('imported'), force: false });
    const checkpoint = await openCheckpoint(at('imported'));
    const logits = await logitsOf(checkpoint, trainedModelOf(checkpoint).options, PROMPT);
    expect(deviation(logits, await theirs())).toBeLessThan(1e-4);
  });

  it('encodes text as bytes after BOS, without code of anybody, and decodes them', async () => {
    const { at } = workplace();
    await exported(await untrainedRun(at('run'), TINY_OPENCODER), at('hub'));
    const text = 'Zürich  \n\tdef f(x): 日本 <s> \u00ad';
    const { ids, text: decoded } = JSON.parse(await python('encode', at('hub'), text));
    const bytes = [...Buffer.from(text)];
    expect(ids).toEqual([1, ...bytes.map((byte) => 64 + byte)]);
    expect(decoded).toBe(text);
  });

  // `PC_UPDATE_GOLDENS=1 npm run test:full -- interop` writes what the suite without Python compares with.
  afterAll(async () => {
    if (process.env.PC_UPDATE_GOLDENS === undefined || goldens.size !== LLAMA_CASES.length) return;
    const specs = [...goldens.keys()].map((name) => ({
      name,
      type: 'F32' as const,
      shape: [POSITIONS.length, VOCABULARY],
    }));
    const { rm } = await import('node:fs/promises');
    await rm(GOLDEN, { force: true });
    const writer = await SafetensorsWriter.create(GOLDEN, encodeHeader(specs).byteLength);
    for (const spec of specs) await writer.append(spec, new Uint8Array(goldens.get(spec.name)!.buffer));
    await writer.finish();
  });
});
