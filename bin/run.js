#!/usr/bin/env node
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`pc needs Node 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}

// Where Node can keep compiled code between runs (22.8 and later), help appears a third sooner.
module.enableCompileCache?.();

// The parts of @oclif/core that a run needs: the package's index loads twice as much.
const [{ run }, { handle }, { flush }, { settings }] = await Promise.all([
  import('@oclif/core/run'),
  import('@oclif/core/handle'),
  import('@oclif/core/flush'),
  import('@oclif/core/settings'),
]);

// Linked plugins run as they are on disk, like installed ones.
settings.enableAutoTranspile = false;

// A reader that has seen enough closes the pipe, as in `pc configs list | head`: the work goes on without it. Output that
// cannot be written for another reason, such as a full disk, is a failure, but no reason to lose the work either.
const outputBroken = new Promise((resolve) => {
  const tell = (error) => {
    if (error.code !== 'EPIPE' && process.exitCode !== 1) {
      process.stderr.write(`Error: the output cannot be written: ${error.message}\n`);
      process.exitCode = 1;
    }
    resolve();
  };
  process.stdout.on('error', tell);
  // Commands of oclif add a listener of their own, which throws.
  process.stdout.on('newListener', (event, listener) => {
    if (event === 'error') process.nextTick(() => process.stdout.off('error', listener));
  });
});

await run(process.argv.slice(2), import.meta.url).then(() => Promise.race([flush(), outputBroken]), handle);

// All is done and written. A plugin of a third party that left a timer or a socket open does not keep the process alive.
setTimeout(() => process.exit(), 1000).unref();
