import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Smaller than `pc init` writes down, so that steps take no time. */
const SMALL = ['--set', 'batch.size=2', '--set', 'batch.sequenceLength=128', '--set', 'validation.every=null'];

function sourceFolder(): string {
  const folder = temporaryDirectory();
  for (let i = 0; i < 40; i++)
    writeFileSync(
      join(folder, `${i}.py`),
      `import os\n\n\ndef area_${i}(width, height=${i}):\n    """Größe."""\n    return width * height\n`.repeat(4),
    );
  return folder;
}

describe('the neural proxy', () => {
  it('works as typed, from pc init to bits per byte of raw text', async () => {
    const cwd = temporaryDirectory();
    expect(await pc(['init', '--data', sourceFolder()], { cwd })).toMatchObject({ status: 0 });
    const made = await pc(['preprocess', '--compressor', 'neural', '--verify'], { cwd });
    expect(made).toMatchObject({ status: 0 });
    expect(made.stdout).toMatch(/^neural +m1_ac_ow12 /m);
    expect(made.stdout).toMatch(/^data\/preprocessed\/train: .* verified$/m);
    const trained = await pc(['train', '--steps', '2', '--set', 'data.precomputed=require', ...SMALL], { cwd });
    expect(trained).toMatchObject({ status: 0 });
    const evaluated = await pc(['eval', 'bpb', '--raw-only', '--json'], { cwd });
    expect(evaluated).toMatchObject({ status: 0 });
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ bits_per_byte: expect.any(Number) as unknown });
  });

  it('is preprocessed in codes of 16 bits outside a project', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'a.jsonl'), '{"text":"import os\\n"}\n{"text":""}\n');
    const flags = ['--data', 'a.jsonl', '-o', 'out', '--compressor', 'neural', '--verify', '--json'];
    const { status, stdout } = await pc(['preprocess', ...flags], { cwd });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      datasets: [{ documents: 1, empty: 1, verified: true }],
      compressors: [{ name: 'neural', field: 'm1_ac_ow16' }],
    });
  });

  it('is inspected: phrases, codes, and segments', async () => {
    const table = ['--set', 'compressors.neural.segmentation=table', '--set', 'compressors.neural.longestSegment=8'];
    const { status, stdout } = await pc(['inspect', 'import os, sys', '--compressor', 'neural', ...table]);
    expect(status).toBe(0);
    const [line] = stdout.split('neural:\n')[1]!.split('\n');
    expect(line).toContain('┃');
    expect(line!.replaceAll(/[▏┃]/g, '')).toBe('import os, sys');
    const inspection = await pc(['inspect', 'import os, sys', '--compressor', 'neural', ...table, '--json']);
    const { compressors } = JSON.parse(inspection.stdout) as { compressors: [{ cells: { symbols: number[] }[] }] };
    expect(compressors[0].cells.every(({ symbols }) => symbols.length === 1 && symbols[0]! >= 256)).toBe(true);
  });

  it('says what --reference-lenient is for where another compressor is trained', async () => {
    const cwd = temporaryDirectory();
    await pc(['init', '--data', sourceFolder()], { cwd });
    const { status, stderr } = await pc(['train', '--compressor', 'gzip', '--reference-lenient', ...SMALL], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain(
      'compressors.neural is not used: these are options of another compressor than the one in use',
    );
  });
});
