import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAll } from '../../../src/commands/shell/compressed-streams.js';
import { InterruptedError } from '../../../src/support/errors.js';
import { temporaryData } from '../../data/temporary-data.js';

const never = new AbortController().signal;

describe('writing to a file', () => {
  it('gives the value of the generator', async () => {
    const directory = temporaryData({});
    expect(await writeAll(pieces(), join(directory, 'out'), never)).toBe(2);
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('ab');
  });

  it('fails with the reason of a stop, and leaves nothing', async () => {
    const directory = temporaryData({});
    const stop = new AbortController();
    const reason = new InterruptedError('stopped by SIGINT');
    const writing = writeAll(
      pieces(() => stop.abort(reason)),
      join(directory, 'out'),
      stop.signal,
    );
    await expect(writing).rejects.toBe(reason);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('removes what a killed command left beside the file', async () => {
    // No process has this number, and none began when this one is said to have begun.
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const left = `.pc-${host}-4194999999-00000000-000000000000.tmp`;
    const directory = temporaryData({ [left]: 'half of it', '.pc-notes.tmp': 'mine' });
    await writeAll(pieces(), join(directory, 'out'), never);
    expect(readdirSync(directory).sort()).toEqual(['.pc-notes.tmp', 'out']);
  });
});

async function* pieces(between: () => void = () => {}): AsyncGenerator<Uint8Array, number> {
  yield Buffer.from('a');
  between();
  yield Buffer.from('b');
  return 2;
}
