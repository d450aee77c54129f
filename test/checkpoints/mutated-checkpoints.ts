import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  checkpointFacts,
  examineCheckpoint,
  openCheckpoint,
  saveCheckpoint,
  trainedModelOf,
} from '../../src/checkpoints/index.js';
import { PcError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { type Mutation, mutated, mutationOf } from './safetensors/mutated-files.js';
import { isMoment, smallState, wholeTensor } from './state.js';

const CONFIG = `model:
  architecture: evabyte
  hiddenSize: 16
  intermediateSize: 24
  layers: 1
  attentionHeads: 2
  windowSize: 16
  chunkSize: 4
batch: { sequenceLength: 32 }
data: { mix: vanilla, addBos: true }
`;

/**
 * Reads a small checkpoint after random changes to its marker, state, configuration or headers; half the time the marker
 * then vouches for the changed files, as that of a hostile checkpoint would. Each must be read, with no more bytes than its
 * files have, or be refused by a typed error. Returns how many of `count` went each way.
 */
export async function readMutatedCheckpoints(count: number): Promise<{ read: number; refused: number }> {
  const layout = { size: 320, compressedOffset: 320, alphabetSize: 0, rawIncluded: true };
  const parts = [0, 2].map((row) => ({
    ...wholeTensor('cut', [2, 3], [1, 2, 3, 4, 5, 6]),
    globalShape: [4, 3],
    offset: [row, 0],
  }));
  const path = await saveCheckpoint(temporaryDirectory(), {
    step: 3,
    state: { vocabulary: { layout, compressor: 'none' } },
    configYaml: CONFIG,
    slices: [...smallState(1), ...parts],
    isOptimizer: isMoment,
    maxShardBytes: 1000,
  });
  const files = readdirSync(path).map((name) => ({ name, intact: readFileSync(join(path, name)) }));
  const target = join(temporaryDirectory(), 'mutated');
  const change = fc.record({
    file: fc.constantFrom(...files),
    mutations: fc.array(mutationOf(2000), { minLength: 1, maxLength: 4 }),
  });
  const cases = fc.record({
    changes: fc.array(change, { minLength: 1, maxLength: 2 }),
    resealed: fc.boolean(),
    // Reads everything once more, which is only now and then worth its time.
    examined: fc.nat(7).map((choice) => choice === 0),
  });
  const outcomes = { read: 0, refused: 0 };
  cpSync(path, target, { recursive: true });
  await fc.assert(
    fc.asyncProperty(cases, async ({ changes, resealed, examined }) => {
      for (const { file, mutations } of changes)
        writeFileSync(join(target, file.name), changed(file.intact, mutations));
      if (resealed)
        reseal(
          target,
          files.map(({ name }) => name),
        );
      try {
        await readEverything(target);
        outcomes.read++;
      } catch (error) {
        expect(error).toBeInstanceOf(PcError);
        outcomes.refused++;
      }
      if (examined)
        await examineCheckpoint(target, { signal: new AbortController().signal, onProgress: () => undefined });
      const touched = new Set(['COMPLETE', ...changes.map(({ file }) => file.name)]);
      for (const { name, intact } of files) if (touched.has(name)) writeFileSync(join(target, name), intact);
    }),
    { numRuns: count },
  );
  return outcomes;
}

/** @throws PcError if anything of the checkpoint cannot be read */
async function readEverything(directory: string): Promise<void> {
  const checkpoint = await openCheckpoint(directory);
  await checkpointFacts(checkpoint);
  const size = Object.values(checkpoint.manifest.shards).reduce((sum, { bytes }) => sum + bytes, 0);
  let total = 0;
  for await (const { tensor } of checkpoint.tensors()) total += tensor.bytes.byteLength;
  expect(total).toBeLessThanOrEqual(size);
  const reader = checkpoint.openReader();
  for (const { name } of checkpoint.specs) for await (const piece of reader.pieces(name)) total -= piece.byteLength;
  await reader.close();
  expect(total).toBe(0);
  trainedModelOf(checkpoint);
}

function changed(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce<Buffer>((result, mutation) => mutated(result, mutation), bytes);
}

/** Makes the marker, where it still is one, agree with the files as they are now. */
function reseal(directory: string, names: readonly string[]): void {
  const path = join(directory, 'COMPLETE');
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  try {
    const marker = JSON.parse(readFileSync(path, 'utf8'));
    for (const name of names) {
      const bytes = readFileSync(join(directory, name));
      const [file, shard] = [marker.files[name], marker.shards[name]];
      if (file) Object.assign(file, { bytes: bytes.length, sha256: digest(bytes) });
      if (shard) Object.assign(shard, { bytes: bytes.length, header: digest(bytes.subarray(0, 1 << 16)) });
    }
    writeFileSync(path, JSON.stringify(marker));
  } catch {
    // The marker itself was changed beyond reading.
  }
}
