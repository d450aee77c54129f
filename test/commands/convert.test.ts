import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveTinyRun, TINY_CONFIG } from '../evaluation/tiny-run.js';
import { pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A project with an untrained run, and text to train and evaluate on. */
async function project(): Promise<string> {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'pc.config.yaml'), TINY_CONFIG);
  for (const folder of ['validation', 'data/train']) {
    mkdirSync(join(cwd, folder), { recursive: true });
    const lines = Array.from({ length: 12 }, (_, i) => JSON.stringify({ text: `document ${i} of 12` }));
    writeFileSync(join(cwd, folder, 'a.jsonl'), `${lines.join('\n')}\n`);
  }
  await saveTinyRun(join(cwd, 'runs/default'));
  return cwd;
}

describe('pc convert', () => {
  it('exports a run, and reads it back as a checkpoint that scores the same and is trained on from', async () => {
    const cwd = await project();
    const out = await pc(['convert', 'runs/default', '--to', 'hf', '-o', 'hub', '--shard-size', '10kB'], { cwd });
    expect(out).toMatchObject({ status: 0, stderr: '' });
    expect(out.stdout).toContain('hub: evabyte, 8,264 parameters in 14 tensors, 33.1 kB of fp32');
    expect(out.stdout).toContain('model.safetensors.index.json');
    const back = await pc(['convert', '--from', 'hf', 'hub', '-o', 'back', '--json'], { cwd });
    expect(JSON.parse(back.stdout)).toMatchObject({ output: 'back', architecture: 'evabyte', vocabularySize: 320 });

    const measured = async (checkpoint: string) => {
      const flags = ['--raw-only', '--data', 'validation', '--set', 'backend.threads=1', '--json'];
      const { stdout } = await pc(['eval', 'bpb', checkpoint, ...flags], { cwd });
      return JSON.parse(stdout).bits_per_byte;
    };
    expect(await measured('back')).toBe(await measured('runs/default'));
    const train = await pc(['train', '--from', 'back', '--steps', '1', '--name', 'next'], { cwd });
    expect(train).toMatchObject({ status: 0 });
    expect(existsSync(join(cwd, 'runs/next/checkpoints/0000000001/COMPLETE'))).toBe(true);
  });

  it('says what is missing, and what would be ignored', async () => {
    const cwd = await project();
    const stderr = async (...args: string[]) => (await pc(['convert', ...args], { cwd })).stderr;
    expect(await stderr('runs/default', '-o', 'hub')).toContain('Add --to hf, --to onnx, --from hf or --from lingua.');
    expect(await stderr('hub', '--from', 'hf', '--dtype', 'fp16', '-o', 'x')).toContain(
      '--dtype would be ignored by --from hf',
    );
    expect(await stderr('runs/default', '--to', 'hf', '-o', 'x', '--shard-size', 'big')).toContain('500MB');
    expect(await stderr('runs/default', '--to', 'hf', '-o', 'pc.config.yaml')).toContain('--force');
    expect(readFileSync(join(cwd, 'pc.config.yaml'), 'utf8')).toBe(TINY_CONFIG);
  });
});
