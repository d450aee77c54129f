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

await run(process.argv.slice(2), import.meta.url).then(() => flush(), handle);
