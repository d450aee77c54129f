import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { removeStaleTemporaries } from '../../src/support/temporaries.js';
import { compiled, startModule } from './child-process.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Kills a process that replaces a file again and again, at an instant that differs from round to round. */
export async function killWhileWriting(rounds: number): Promise<void> {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  for (let round = 0; round < rounds; round++) {
    const child = startModule(
      `import { writeFileAtomic } from ${JSON.stringify(compiled('src/support/atomic-files.js'))};
       for (let letter = 0; ; letter = (letter + 1) % 26) {
         await writeFileAtomic(${JSON.stringify(path)}, String.fromCharCode(97 + letter).repeat(200_000));
         if (letter === 0) console.log('written');
       }`,
    );
    await once(child.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, (round * 7.3) % 40));
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(readFileSync(path, 'utf8')).toMatch(/^([a-z])\1{199999}$/);
  }
  await removeStaleTemporaries(directory);
  expect(readdirSync(directory)).toEqual(['file']);
}
