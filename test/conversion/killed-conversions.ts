import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { SafetensorsFile, verifyCheckpoint } from '../../src/checkpoints/index.js';
import { compiled, runModule, startModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { exported, untrainedRun } from './models.js';

/** A megabyte or two of weights: writing them takes as long as all else together. */
const MODEL = {
  architecture: 'opencoder',
  hiddenSize: 96,
  intermediateSize: 256,
  layers: 4,
  attentionHeads: 4,
};

/** Directories that a process converts between. */
interface Places {
  checkpoint: string;
  hub: string;
  imported: string;
  exported: string;
}

/** Code that converts to the hub and from it, again and again, over the results. */
function convertingModule({ checkpoint, hub, imported, exported }: Places, rounds: string): string {
  const text = JSON.stringify;
  return `
    import { openCheckpoint } from ${text(compiled('src/checkpoints/index.js'))};
    import { loadConfigFile } from ${text(compiled('src/config/index.js'))};
    import { exportToHub, importFromHub } from ${text(compiled('src/conversion/index.js'))};
    const checkpoint = await openCheckpoint(${text(checkpoint)});
    const { config } = await loadConfigFile(${text(join(checkpoint, 'config.yaml'))});
    for (let round = 0; round < ${rounds}; round++) {
      await exportToHub({ checkpoint, run: config, runDirectory: null, tokenizerFile: null, output: ${text(exported)}, dtype: 'fp32',
        rawHeads: 'discard', shardBytes: 1e6, force: true });
      await importFromHub(${text(hub)}, { output: ${text(imported)}, force: true });
      console.log(round);
    }`;
}

/** Everything that an export says it has. */
async function requireWholeExport(directory: string): Promise<void> {
  const { weight_map: map } = JSON.parse(readFileSync(join(directory, 'model.safetensors.index.json'), 'utf8'));
  for (const name of ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'])
    JSON.parse(readFileSync(join(directory, name), 'utf8'));
  const held = new Map<string, string>();
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.safetensors'))) {
    // Opening a file checks that it is as long as its header says.
    const file = await SafetensorsFile.open(join(directory, name));
    for (const entry of file.entries) held.set(entry.name, name);
    await file.close();
  }
  expect(Object.fromEntries(held)).toEqual(map);
}

/**
 * Kills a process that converts in both directions, also over earlier results, at an instant that differs from round to round: what has
 * a final name must be complete, and the next conversion must leave nothing but its results.
 */
export async function killWhileConverting(rounds: number): Promise<void> {
  const directory = temporaryDirectory();
  const run = await untrainedRun(join(directory, 'run'), MODEL);
  const results = join(directory, 'results');
  const places: Places = {
    checkpoint: run.checkpoint.path,
    hub: join(directory, 'hub'),
    imported: join(results, 'imported'),
    exported: join(results, 'exported'),
  };
  mkdirSync(results);
  await exported(run, places.hub);
  for (let round = 0; round < rounds; round++) {
    const child = startModule(convertingModule(places, 'Infinity'));
    // The first round may be killed before anything is complete.
    if (round > 0) await once(child.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, round === 0 ? 600 : (round * 13.7) % 130));
    child.kill('SIGKILL');
    await once(child, 'close');
    if (existsSync(places.imported)) await verifyCheckpoint(places.imported);
    if (existsSync(places.exported)) await requireWholeExport(places.exported);
  }
  expect(await runModule(convertingModule(places, '1'))).toMatchObject({ status: 0, stderr: '' });
  await verifyCheckpoint(places.imported);
  await requireWholeExport(places.exported);
  expect(readdirSync(results).sort()).toEqual(['exported', 'imported']);
}
