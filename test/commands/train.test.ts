import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pc } from '../support/pc.js';
import { tinyProject } from '../training/tiny-training.js';

describe('pc train', () => {
  it('starts from the newest checkpoint of a run that is named, and tells what is not there', async () => {
    const cwd = tinyProject();
    const resumed = await pc(['train', '--resume', '--name', 'none'], { cwd });
    expect(resumed.status).toBe(1);
    expect(resumed.stderr).toContain('there is no run none');
    expect(resumed.stderr).toContain('There are no runs in runs');

    expect(await pc(['train', '--steps', '2'], { cwd })).toMatchObject({ status: 0 });
    const again = await pc(['train', '--resume', '--name', 'none'], { cwd });
    expect(again.stderr).toContain('Name one of those in runs: default.');
    for (const flag of ['--from', '--resume-from'])
      expect((await pc(['train', '--name', 'new', flag, 'nope'], { cwd })).stderr).toContain(
        'there is no such path: nope',
      );
    expect(await pc(['train', '--name', 'new', '--from', 'runs/default', '--steps', '2'], { cwd })).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(cwd, 'runs/new/metrics.jsonl'), 'utf8')).toContain('"step":2');
  });
});
