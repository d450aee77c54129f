import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveCheckpoint, verifyCheckpoint } from '../../src/checkpoints/index.js';
import { OutputError } from '../../src/support/errors.js';
import { runModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { killWhileSaving, savingModule } from './killed-saves.js';
import { smallContent, smallState } from './state.js';

describe('a save that cannot be finished', () => {
  it('for lack of space leaves the older checkpoint and nothing else', async () => {
    const run = temporaryDirectory();
    await saveCheckpoint(run, smallContent(1));
    const { stdout } = await runModule(
      `${savingModule(run)}
       await save(2).catch((error) => console.log(JSON.stringify({ code: error.code, hint: error.hint })));`,
      { fileSizeLimit: 80 },
    );
    expect(JSON.parse(stdout)).toMatchObject({ code: 'output', hint: expect.stringContaining('ulimit -f') });
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000001']);
    await verifyCheckpoint(join(run, 'checkpoints/0000000001'));
  });

  it('since its source fails leaves nothing, and passes the failure on', async () => {
    const run = temporaryDirectory();
    async function* failing() {
      yield* smallState(1);
      throw new TypeError('the device is gone');
    }
    await expect(saveCheckpoint(run, smallContent(1, { slices: failing() }))).rejects.toThrow('the device is gone');
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });

  it('where nothing can be written is an OutputError', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(saveCheckpoint(join(directory, 'file/run'), smallContent(1))).rejects.toThrow(OutputError);
    await expect(saveCheckpoint('/proc/pc-test', smallContent(1))).rejects.toThrow(OutputError);
  });

  it('because it was killed leaves complete checkpoints only, whatever the instant', async () => {
    await killWhileSaving(4);
  });
});
