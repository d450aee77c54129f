import { expect, it } from 'vitest';
import { declarations, type Program } from '../../src/graph/index.js';
import { createModel, modelOptions, vocabularySizes } from '../../src/models/index.js';
import type { Backend, Session } from '../../src/plugins/contracts.js';
import { lossOptions, optimOptions } from '../../src/training/options.js';
import { TrainingSession } from '../../src/training/training-session.js';
import { TINY_MODEL } from './tiny-training.js';

const MODEL = createModel(modelOptions.parse({ ...TINY_MODEL, predictionHeads: 1 }), vocabularySizes(320));

/** Rows of the programs that training loads into a backend of two processes; nothing is computed. */
async function rowsOn(programs: Pick<Backend, 'programs'>): Promise<number[]> {
  const loaded: Program[] = [];
  const session: Session = {
    load: async (program) => {
      loaded.push(program);
      return { run: async () => [], dispose: async () => {} };
    },
    snapshot: async function* () {},
    writeState: async () => {},
    dispose: async () => {},
  };
  const backend: Backend = {
    topology: { rank: 1, world: 2, devices: [] },
    ...programs,
    open: async () => session,
    allGather: async (bytes) => [bytes, bytes],
    dispose: async () => {},
  };
  await TrainingSession.open(backend, {
    model: MODEL,
    batch: { size: 16, accumulation: 2, sequenceLength: 16, rematerialise: false },
    loss: lossOptions.parse({}),
    optim: optimOptions.parse({}),
  });
  return loaded.flatMap((program) =>
    declarations(program, 'input').flatMap(({ name, shape }) => (name === 'ids' ? [shape[0]!] : [])),
  );
}

it('a process computes on its share of a micro-batch', async () => {
  expect(await rowsOn({})).toEqual([4]);
});

it('processes whose programs are of all of them compute on the whole micro-batch, of which each gives its share', async () => {
  expect(await rowsOn({ programs: 'together' })).toEqual([8]);
});
