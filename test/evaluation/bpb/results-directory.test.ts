import { describe, expect, it } from 'vitest';
import { compiled, runModule } from '../../support/child-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

describe('a directory of results', () => {
  it('is not made where its files do not fit, and the failure says why', async () => {
    const directory = temporaryDirectory();
    const { stdout } = await runModule(
      `import { readdirSync } from 'node:fs';
       import { writeResultsDirectory } from ${JSON.stringify(compiled('src/evaluation/bpb/results-directory.js'))};
       const directory = ${JSON.stringify(directory)};
       const identity = { source: 'a.jsonl', index: 0, hash: 'x', bytes: 1 };
       const cost = { identity, layout: 'raw', bytes: 1, nats: 1, tokens: 1, endings: 1, endingNats: 0.5 };
       await writeResultsDirectory(directory + '/results', false, async (lines) => {
         for (let i = 0; i < 10_000; i++) await lines.write(cost);
         return {};
       }).catch(({ code, message, hint }) => console.log(code, message, hint));
       console.log(readdirSync(directory).length);`,
      { fileSizeLimit: 100 },
    );
    expect(stdout).toMatch(
      /^output cannot write .*\/results: the file would exceed the limit on file sizes .*ulimit -f/,
    );
    expect(stdout).toMatch(/\n0\n$/);
  });
});
