import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  examineCheckpoint,
  listCheckpoints,
  openCheckpoint,
  saveCheckpoint,
  verifyCheckpoint,
} from '../../src/checkpoints/index.js';
import { CheckpointError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { readMutatedCheckpoints } from './mutated-checkpoints.js';
import { smallContent, wholeTensor } from './state.js';

/** Flips one bit of a file. */
function damageByte(path: string, position: number): void {
  const bytes = readFileSync(path);
  bytes[position]! ^= 0x10;
  writeFileSync(path, bytes);
}

describe('damage', () => {
  it('of any byte of any file is detected, and the previous checkpoint is named', async () => {
    const run = temporaryDirectory();
    const previous = await saveCheckpoint(run, smallContent(1));
    const path = await saveCheckpoint(run, smallContent(2));
    const intact = join(run, 'intact');
    cpSync(path, intact, { recursive: true });
    const sizes = readdirSync(intact).map((name) => [name, statSync(join(intact, name)).size] as const);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sizes), fc.nat(), async ([name, size], somewhere) => {
        // Half of the bytes tried are in the data, the rest in the header.
        const position = somewhere % 2 === 0 ? somewhere % size : Math.max(0, size - 1 - (somewhere % 200));
        damageByte(join(path, name), position);
        const failure = await verifyCheckpoint(path).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(CheckpointError);
        expect((failure as CheckpointError).hint).toContain(`--resume-from ${previous}`);
        cpSync(intact, path, { recursive: true });
      }),
      { numRuns: 100 },
    );
    await verifyCheckpoint(path);
  });

  it.each(['model-0000-0000.safetensors', 'optimizer-0000-0000.safetensors', 'state.json', 'COMPLETE'])(
    'by truncation of %s is seen without reading the tensors',
    async (name) => {
      const run = temporaryDirectory();
      const path = await saveCheckpoint(run, smallContent(1));
      truncateSync(join(path, name), statSync(join(path, name)).size - 1);
      // Only a line break ends COMPLETE, so that is cut further.
      if (name === 'COMPLETE') truncateSync(join(path, name), 40);
      expect(await listCheckpoints(run)).toMatchObject([
        { step: 1, problem: { location: { file: join(path, name) } } },
      ]);
      await expect(openCheckpoint(path)).rejects.toThrow(CheckpointError);
    },
  );

  it.each(['model-0000-0000.safetensors', 'config.yaml', 'COMPLETE'])('by loss of %s is seen', async (name) => {
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1));
    rmSync(join(path, name));
    await expect(openCheckpoint(path)).rejects.toThrow(new RegExp(`${name}.* is missing`));
  });

  it('by exchange of whole files between checkpoints is seen', async () => {
    const run = temporaryDirectory();
    const [one, two] = [await saveCheckpoint(run, smallContent(1)), await saveCheckpoint(run, smallContent(2))];
    cpSync(join(one, 'state.json'), join(two, 'state.json'));
    await expect(openCheckpoint(two)).rejects.toThrow(/state\.json is not what was saved/);
  });

  it('of any kind, also where the marker vouches for it, is refused with a typed error or does no harm', async () => {
    const { read, refused } = await readMutatedCheckpoints(40);
    expect(read + refused).toBe(40);
  });

  it('by a name of a slice that leads elsewhere is refused, also where the marker vouches for it', async () => {
    const halves = [0, 1].map((row) => ({ ...wholeTensor('aa/bb/cc', [1], [row]), globalShape: [2], offset: [row] }));
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1, { slices: halves }));
    const file = join(path, 'model-0000-0000.safetensors');
    const bytes = readFileSync(file);
    // Only where it says which tensor the first slice belongs to: JSON within JSON.
    bytes.write('../../cc', bytes.indexOf(String.raw`\"name\":\"aa/bb/cc`) + String.raw`\"name\":\"`.length);
    writeFileSync(file, bytes);
    const marker = JSON.parse(readFileSync(join(path, 'COMPLETE'), 'utf8'));
    marker.shards['model-0000-0000.safetensors'].header = createHash('sha256')
      .update(bytes.subarray(0, 1 << 16))
      .digest('hex');
    writeFileSync(join(path, 'COMPLETE'), JSON.stringify(marker));
    await expect(openCheckpoint(path)).rejects.toThrow(/no relative path without detours/);
  });

  it('is told apart from a later version of the format', async () => {
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1));
    const marker = readFileSync(join(path, 'COMPLETE'), 'utf8');
    writeFileSync(join(path, 'COMPLETE'), marker.replace('"version": 1', '"version": 2'));
    await expect(openCheckpoint(path)).rejects.toMatchObject({ message: /later version/ });
  });

  it.each(['COMPLETE', 'state.json'])('by a pipe in the place of %s is seen, and not waited for', async (name) => {
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1));
    rmSync(join(path, name));
    execFileSync('mkfifo', [join(path, name)]);
    await expect(openCheckpoint(path)).rejects.toThrow(CheckpointError);
    const { damage } = await examineCheckpoint(path, { signal: new AbortController().signal, onProgress: () => {} });
    expect(damage).toContainEqual({
      file: join(path, name),
      tensor: null,
      what: expect.stringContaining('not a regular file'),
    });
  });
});
