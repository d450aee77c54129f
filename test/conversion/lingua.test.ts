import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, trainedModelOf } from '../../src/checkpoints/index.js';
import { importFromLingua } from '../../src/conversion/index.js';
import { unpickle } from '../../src/conversion/lingua/unpickler.js';
import { PcError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { valuesOf } from './models.js';
import { readMutated } from './mutated-archives.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/conversion/lingua/', import.meta.url));

/** The fixture, with its weights changed. */
function copied(change: (weights: Buffer) => Buffer = (weights) => weights): { file: string; output: string } {
  const directory = temporaryDirectory();
  cpSync(join(FIXTURE, 'params.json'), join(directory, 'params.json'));
  const file = join(directory, 'consolidated.pth');
  writeFileSync(file, change(readFileSync(join(FIXTURE, 'consolidated.pth'))));
  return { file, output: join(directory, 'imported') };
}

/** One text in place of another of its length. */
const replaced = (from: string, to: string) => (weights: Buffer) =>
  Buffer.from(weights.toString('latin1').replace(from, to), 'latin1');

describe('a consolidated checkpoint of the published trainer', () => {
  it('is read with all of its parameters: whole, from within larger storages, and of 16 bits', async () => {
    const { file, output } = copied();
    const report = await importFromLingua(file, { output, force: false });
    expect(report).toMatchObject({ architecture: 'evabyte', tensors: 15, vocabularySize: 322 });
    const checkpoint = await openCheckpoint(output);
    const { options, sequenceLength, vocabulary } = trainedModelOf(checkpoint);
    expect(options).toMatchObject({ hiddenSize: 4, chunkSize: 4, predictionHeads: 1, rawHeads: 1, ropeTheta: 100_000 });
    expect(sequenceLength).toBe(32);
    expect(vocabulary.layout).toEqual({ size: 322, compressedOffset: 320, alphabetSize: 2, rawIncluded: true });
    const values = await valuesOf(checkpoint);
    // Of tensor i of the file, element n is i + n/1024.
    const numbered = (tensor: number, count: number) => Array.from({ length: count }, (_, n) => tensor + n / 1024);
    expect([...values.get('embed_tokens.weight')!]).toEqual(numbered(0, 322 * 4));
    expect([...values.get('norm.weight')!]).toEqual(numbered(12, 4));
    expect([...values.get('raw_multibyte_lm_head.weight')!]).toEqual(numbered(13, 320 * 4));
    expect([...values.get('layers.0.input_layernorm.weight')!]).toEqual([1, -0.5, 0.25, 3]);
  });

  it('with a tied embedding has it a second time as its output, which is passed over', async () => {
    const output = join(temporaryDirectory(), 'imported');
    const report = await importFromLingua(join(FIXTURE, 'tied/consolidated.pth'), { output, force: false });
    expect(report).toMatchObject({ architecture: 'opencoder', tensors: 11, vocabularySize: 320 });
    const checkpoint = await openCheckpoint(output);
    expect(trainedModelOf(checkpoint).options).toMatchObject({ tiedEmbedding: true, keyValueHeads: 1 });
    // The tenth tensor of the file.
    const embedding = (await valuesOf(checkpoint)).get('tok_embeddings.weight')!;
    expect([...embedding]).toEqual(Array.from({ length: 320 * 4 }, (_, n) => 9 + n / 1024));
  });

  it('is not waited for where its name is that of a pipe', async () => {
    const { file, output } = copied();
    rmSync(file);
    execFileSync('mkfifo', [file]);
    await expect(importFromLingua(file, { output, force: false })).rejects.toThrow(/not a regular file/);
  });

  it('that would call anything but what makes tensors is refused by the name of it', async () => {
    const { file, output } = copied(replaced('collections\nOrderedDict', 'subprocess\ncheck_output'));
    await expect(importFromLingua(file, { output, force: false })).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining('it asks for subprocess.check_output'),
      hint: expect.stringContaining('nothing is executed'),
    });
  });

  it('is refused where its weights are of another model, by the tensor', async () => {
    const { file, output } = copied(replaced('norm.weight', 'form.weight'));
    await expect(importFromLingua(file, { output, force: false })).rejects.toMatchObject({ code: 'checkpoint' });
  });

  it('needs the configuration that says what it is', async () => {
    const directory = temporaryDirectory();
    cpSync(join(FIXTURE, 'consolidated.pth'), join(directory, 'consolidated.pth'));
    const wanted = importFromLingua(join(directory, 'consolidated.pth'), {
      output: join(directory, 'x'),
      force: false,
    });
    await expect(wanted).rejects.toMatchObject({ hint: expect.stringContaining('params.json') });
  });

  it('cut short anywhere, or no archive at all, is an error that says so', async () => {
    const whole = readFileSync(join(FIXTURE, 'consolidated.pth'));
    for (const length of [0, 10, 1000, whole.length - 30, whole.length - 1]) {
      const { file, output } = copied(() => whole.subarray(0, length));
      await expect(importFromLingua(file, { output, force: false })).rejects.toThrow(PcError);
    }
  });

  it('of which the end is missing is said to be truncated', async () => {
    const whole = readFileSync(join(FIXTURE, 'consolidated.pth'));
    const { file, output } = copied(() => whole.subarray(0, whole.length / 2));
    await expect(importFromLingua(file, { output, force: false })).rejects.toThrow(/it is truncated/);
  });

  it('is named where its folder is given instead', async () => {
    const { file, output } = copied();
    const wanted = importFromLingua(dirname(file), { output, force: false });
    await expect(wanted).rejects.toMatchObject({ code: 'checkpoint', hint: `Use ${file}` });
    await expect(importFromLingua(join(dirname(file), 'none.pth'), { output, force: false })).rejects.toMatchObject({
      code: 'checkpoint',
      hint: expect.stringContaining('consolidated.pth'),
    });
  });

  it('with bytes changed is read, or refused by a typed error', async () => {
    await readMutated(readFileSync(join(FIXTURE, 'consolidated.pth')), 60, temporaryDirectory());
  });
});

describe('a pickle', () => {
  it('of any bytes is a value or a PickleError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          unpickle(Buffer.from(bytes));
        } catch (error) {
          expect((error as Error).constructor.name).toBe('PickleError');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['instances', '(i__main__\nThing\n.', /opcode 0x69/],
    ['calls of builtins', 'cbuiltins\neval\n.', /builtins\.eval/],
    ['globals by texts', '\x80\x04\x8c\x02os\x8c\x06system\x93.', /os\.system/],
    ['extension codes', '\x80\x02\x82\x01.', /opcode 0x82/],
    [
      'dicts made of a list',
      '\x80\x02ccollections\nOrderedDict\n](K\x01K\x02\x86e\x85R.',
      /calls collections\.OrderedDict/,
    ],
    [
      'tensors of 65 dimensions',
      `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x01tQK\x00(${'K\x01'.repeat(65)}t(${'K\x01'.repeat(65)}ttR.`,
      /a tensor of what is none/,
    ],
    ['numbers that are called', '\x80\x02K\x01)R.', /calls what is no function/],
  ])('with %s is refused', (_name, text, message) => {
    expect(() => unpickle(Buffer.from(text, 'latin1'))).toThrow(message);
  });
});
