import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import { compiled, startModule } from '../../support/child-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { jsonl, numberedTexts, temporaryData } from '../temporary-data.js';
import { builtin, filesBelow } from './temporary-preprocessed.js';

/** Milliseconds from the first progress within which a process is killed: about as long as it takes. */
const SPREAD = 150;

/**
 * Kills preprocessing at instants that differ from round to round and begins it again, until it ends by itself; then
 * its output must be that of a run that was never killed, to the byte.
 */
export async function killWhilePreprocessing(kills: number): Promise<void> {
  const input = temporaryData(
    Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.jsonl`, jsonl(numberedTexts(200, `${i}`))])),
  );
  const whole = join(temporaryDirectory(), 'whole');
  expect(await preprocess(input, whole, null)).toBe('ended');
  for (let done = 0; done < kills; ) {
    const output = join(temporaryDirectory(), 'out');
    for (;;) {
      const outcome = await preprocess(input, output, done < kills ? (done * 61.7) % SPREAD : null);
      if (outcome === 'ended') break;
      done++;
    }
    expect(filesBelow(output)).toEqual(filesBelow(whole));
  }
}

/** @param patience milliseconds from its first progress until it is killed; null: it is not */
async function preprocess(input: string, output: string, patience: number | null): Promise<'ended' | 'killed'> {
  const options = {
    targets: [{ input, output }],
    compressors: [builtin('gzip'), builtin('halfbyte')],
    format: 'jsonl.zst',
    workers: 2,
    part: { index: 0, count: 1 },
    shardBytes: 20_000,
    verify: true,
    onBadRecord: 'fail',
    force: false,
  };
  const child = startModule(
    `import { preprocess } from ${JSON.stringify(compiled('src/data/preprocess/preprocess.js'))};
     await preprocess({ ...${JSON.stringify(options)}, progress: () => console.log('at work') });`,
  );
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  if (patience !== null) {
    await Promise.race([once(child.stdout!, 'data'), closed]);
    await new Promise((resolve) => setTimeout(resolve, patience));
    child.kill('SIGKILL');
  } else child.stdout!.resume();
  const [status] = await closed;
  if (status === null) return 'killed';
  expect({ status, errors }).toEqual({ status: 0, errors: '' });
  return 'ended';
}
