import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { instantiateCompressor } from '../../src/plugins/compressor-instance.js';
import { behavesLikeACodec } from '../compressors/codec-specification.js';
import { isolatedHome, PACKAGE_ROOT } from '../support/pc.js';
import { pcProcess } from '../support/pc-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const guide = readFileSync(join(PACKAGE_ROOT, 'docs/plugins.md'), 'utf8');

/** Writes the guide's two files into an empty folder. */
function packageOfTheGuide(): string {
  const folder = temporaryDirectory();
  for (const [language, name] of [
    ['json', 'package.json'],
    ['js', 'index.js'],
  ] as const)
    writeFileSync(join(folder, name), new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(guide)![1]!);
  return folder;
}

describe('the compressor of docs/plugins.md', () => {
  const make = () =>
    instantiateCompressor({
      entryUrl: pathToFileURL(join(packageOfTheGuide(), 'index.js')).href,
      name: 'indent',
      options: {},
      artifactsDirectory: '/artifacts',
    });
  behavesLikeACodec(make);

  it('gives several spaces one symbol', async () => {
    const compressor = await make();
    const { symbols } = await compressor.encode(Buffer.from(`a b${' '.repeat(34)}c`));
    expect([...symbols]).toEqual([97, 32, 98, 254 + 32, 254 + 2, 99]);
    expect(() => compressor.decode({ symbols: Uint32Array.of(254 + 33) })).toThrow('no symbol 287');
  });

  it('is known once it is linked, as the guide says', async () => {
    const env = isolatedHome();
    const { status, stdout } = await pcProcess(['plugins', 'link', packageOfTheGuide(), '--no-install'], { env });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'pc-compressor-indent@1.0.0 gives compressor indent\n' });
  });
});
