import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packPackages } from '../../support/npm-registry.js';
import { PACKAGE_ROOT } from '../../support/pc.js';
import { pcProcess } from '../../support/pc-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

it('npm installs the packed package into an empty prefix, with all that it needs and nothing for developing', async () => {
  const prefix = temporaryDirectory();
  const [packed] = await packPackages([PACKAGE_ROOT], prefix);
  writeFileSync(join(prefix, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed!.filename}`], {
    cwd: prefix,
    env: { ...process.env, NODE_ENV: 'production', ONNXRUNTIME_NODE_INSTALL: 'skip' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
  expect(existsSync(join(prefix, 'node_modules/.bin/pc'))).toBe(true);
  expect(existsSync(join(prefix, 'node_modules/vitest'))).toBe(false);

  const binary = join(prefix, 'node_modules/proxy-compression/bin/run.js');
  const text = 'for (const byte of text) model.read(byte);\n';
  writeFileSync(join(prefix, 'text.js'), text);
  const args = ['compress', 'text.js', '--compressor', 'neural'];
  expect(await pcProcess(args, { cwd: prefix, binary })).toMatchObject({ status: 0 });
  const decompressed = await pcProcess(['decompress', 'text.js.pcz', '-o', '-'], { cwd: prefix, binary });
  expect(decompressed).toMatchObject({ status: 0, stdout: text });
});
