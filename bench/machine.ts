import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { median } from './report.js';

const ROUNDS = 3;

/** Multiplications that need no memory: what a thread does is a matter of its core alone. */
const WORK = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => {
  let x = 1;
  for (let i = 0; i < 4e8; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  parentPort.postMessage(x);
});
`;

/**
 * How many times as much two threads compute as one, in the same time: 2 where a machine has two cores to itself; less where
 * cores are hyper-threads of one, or are lent to other machines meanwhile. Median of three.
 */
export async function threadScaling(): Promise<number> {
  const workers = [0, 1].map(() => new Worker(WORK, { eval: true }));
  const secondsOf = async (busy: readonly Worker[]) => {
    const started = performance.now();
    const done = busy.map((worker) => once(worker, 'message'));
    for (const worker of busy) worker.postMessage(null);
    await Promise.all(done);
    return performance.now() - started;
  };
  await secondsOf(workers); // compiles
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    ratios.push((2 * (await secondsOf(workers.slice(0, 1)))) / (await secondsOf(workers)));
  await Promise.all(workers.map((worker) => worker.terminate()));
  return median(ratios);
}
