import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { compiled } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it('a request that cannot be sent is refused, and nobody waits for its answer', async () => {
  // A process of its own, which ends by itself only if nothing keeps it alive; a file, since threads do not start from text.
  const file = join(temporaryDirectory(), 'unsent.mjs');
  writeFileSync(
    file,
    `
    import { builtinRegistry } from ${JSON.stringify(compiled('src/plugins/discovery.js'))};
    const backend = await builtinRegistry('unused').createBackend('onnxruntime', { threads: 1 });
    const session = await backend.open([]);
    await session.writeState([{ name: () => 'functions are not cloned' }]).catch(({ name }) => console.log(name));
    `,
  );
  expect(await promisify(execFile)(process.execPath, [file])).toEqual({ stdout: 'DataCloneError\n', stderr: '' });
});
