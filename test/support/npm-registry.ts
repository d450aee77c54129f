import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What `npm pack --json` tells of a package file. */
export interface PackedPackage {
  name: string;
  version: string;
  filename: string;
  integrity: string;
  shasum: string;
  files: { path: string }[];
}

/** Makes package files of folders, as `npm publish` would upload them; scripts of the packages are not run. */
export async function packPackages(folders: readonly string[], destination: string): Promise<PackedPackage[]> {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination, ...folders];
  const { stdout } = await promisify(execFile)('npm', args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as PackedPackage[];
}

export interface NpmRegistry {
  /** Environment in which npm, and all that runs it, knows this registry alone and keeps its cache below `home`. */
  env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/**
 * A registry on loopback that has the packages of these folders and no other: documents of packages (`GET /NAME`) and
 * their files (`GET /NAME/-/FILE`), as npm's registry protocol has them.
 *
 * @param home folder for the package files and npm's cache
 */
export async function serveRegistry(folders: readonly string[], home: string): Promise<NpmRegistry> {
  const packages = await packPackages(folders, home);
  const answers = new Map<string, (origin: string) => string | Buffer>();
  for (const [index, { name, version, filename, integrity, shasum }] of packages.entries()) {
    const manifest = JSON.parse(readFileSync(join(folders[index]!, 'package.json'), 'utf8')) as object;
    const file = `/${name}/-/${filename}`;
    answers.set(file, () => readFileSync(join(home, filename)));
    answers.set(`/${name}`, (origin) => {
      const dist = { tarball: `${origin}${file}`, integrity, shasum };
      return JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } });
    });
  }
  const server = createServer(({ url = '' }, response) => {
    const answer = answers.get(decodeURIComponent(url));
    response.writeHead(answer === undefined ? 404 : 200);
    response.end(answer?.(origin) ?? '{"error":"not found"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: {
      npm_config_registry: origin,
      npm_config_noproxy: '127.0.0.1',
      npm_config_cache: join(home, 'npm-cache'),
      // A registry of the user's own for some scope or none at all is of no matter here.
      npm_config_userconfig: join(home, 'npmrc'),
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
