/**
 * Writes `oclif.manifest.json`, from which `pc` knows its commands without loading them; `--check` fails, without
 * writing, when the file is out of date. Reads the compiled commands: build first.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plugin, settings } from '@oclif/core';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FILE = `${ROOT}oclif.manifest.json`;

// Only then does oclif read the compiled commands whatever NODE_ENV is.
settings.enableAutoTranspile = false;

async function currentManifest(): Promise<string> {
  const plugin = new Plugin({ root: ROOT, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const { commands, version } = plugin.manifest;
  const sorted = Object.fromEntries(Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ commands: sorted, version }, null, 2)}\n`;
}

const current = await currentManifest();
if (!process.argv.includes('--check')) {
  await writeFile(FILE, current);
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== current) {
  console.error('oclif.manifest.json is out of date: run `npm run build && npm run manifest` and commit it.');
  process.exitCode = 1;
}
