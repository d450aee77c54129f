import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type {
  CheckpointDifference,
  CheckpointFacts,
  Consolidation,
  Examination,
} from '../../../src/checkpoints/index.js';
import { randomWeights, saveByteModel } from '../../neural-coding/random-byte-model.js';
import { pc } from '../../support/pc.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

describe('pc consolidate and pc checkpoint', () => {
  it('make one file of a checkpoint, show, verify and compare it', async () => {
    const cwd = temporaryDirectory();
    await saveByteModel(join(cwd, 'a'), randomWeights(1));
    await saveByteModel(join(cwd, 'b'), randomWeights(2));
    const made = await pc(['consolidate', 'a', '-o', 'joined', '--json'], { cwd });
    expect(made.status, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout) as Consolidation).toMatchObject({ path: 'joined', isOld: false });
    const [again, same, other, info, verified] = await Promise.all([
      pc(['consolidate', 'a', '-o', 'joined'], { cwd }),
      pc(['checkpoint', 'diff', 'a', 'joined'], { cwd }),
      pc(['checkpoint', 'diff', 'a', 'b', '--json'], { cwd }),
      pc(['checkpoint', 'info', 'joined', '--json'], { cwd }),
      pc(['checkpoint', 'verify', 'joined'], { cwd }),
    ]);
    expect(again.stdout).toContain('joined is consolidated already');
    expect(same.stdout).toMatch(/identical: \d+ tensors, every bit/);
    expect(JSON.parse(other.stdout) as CheckpointDifference).toMatchObject({ identical: false, onlyA: [], onlyB: [] });
    expect(JSON.parse(info.stdout) as CheckpointFacts).toMatchObject({
      step: 1,
      model: { options: { architecture: 'evabyte', layers: 2 }, vocabulary: { compressor: 'none' } },
      provenance: { source: { path: 'a', step: 1 } },
    });
    expect(verified.status, verified.stdout).toBe(0);
    expect(verified.stdout).toContain('all is as saved');
  });

  it('say which tensor is damaged, with status 1', async () => {
    const cwd = temporaryDirectory();
    await saveByteModel(join(cwd, 'a'), randomWeights(1));
    const file = join(cwd, 'a/model-0000-0000.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const { status, stdout } = await pc(['checkpoint', 'verify', 'a', '--json'], { cwd });
    expect(status).toBe(1);
    const { damage } = JSON.parse(stdout) as Examination;
    expect(damage).toEqual([
      {
        file: 'a/model-0000-0000.safetensors',
        tensor: expect.any(String),
        what: expect.stringContaining('not what was'),
      },
    ]);
    const missing = await pc(['checkpoint', 'verify', 'nowhere'], { cwd });
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('no such path');
  });
});
