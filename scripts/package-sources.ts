/** Packages of several registries, fetched by the registries' own clients and unpacked. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

export interface PackageEntry {
  from: keyof typeof REGISTRIES;
  name: string;
  /** Missing: the newest. */
  version?: string;
  /** As the package declares it, or the kind of its LICENSE file or of the head of its sources where it declares none. */
  licence?: string;
}

export interface UnpackedPackage {
  folder: string;
  version: string;
  licence: string;
}

/** Fetches a package into `cache` and unpacks it, unless it is there. @throws Error if the client fails */
export function unpackPackage(entry: PackageEntry, cache: string): UnpackedPackage {
  const place = join(cache, entry.from, entry.name.replaceAll(/[/:@]/g, '_'));
  const about = join(place, 'package-source.json');
  if (!existsSync(about)) {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(join(place, 'files'), { recursive: true });
    writeFileSync(about, JSON.stringify(REGISTRIES[entry.from](entry, join(place, 'files'))));
  }
  const { version, licence } = JSON.parse(readFileSync(about, 'utf8')) as Omit<UnpackedPackage, 'folder'>;
  return { folder: join(place, 'files'), version, licence };
}

type Fetch = (entry: PackageEntry, folder: string) => Omit<UnpackedPackage, 'folder'>;

const REGISTRIES = {
  npm: ({ name, version = 'latest' }, folder) => {
    const [packed] = JSON.parse(
      run('npm', ['pack', '--loglevel', 'error', '--json', '--pack-destination', folder, `${name}@${version}`]),
    );
    unpackTarball(join(folder, packed.filename), folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { version: manifest.version, licence: manifest.license ?? 'none declared' };
  },

  pypi: ({ name, version }, folder) => {
    const wanted = version === undefined ? name : `${name}==${version}`;
    run('pip', ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', folder, wanted]);
    const wheel = readdirSync(folder).find((file) => file.endsWith('.whl'))!;
    run('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder]);
    rmSync(join(folder, wheel));
    const metadataFolder = readdirSync(folder).find((file) => file.endsWith('.dist-info'))!;
    const [head] = readFileSync(join(folder, metadataFolder, 'METADATA'), 'utf8').split(/\r?\n\r?\n/, 1);
    const field = (label: string) => new RegExp(`^${label}: (.*)$`, 'm').exec(head!)?.[1];
    const licence =
      field('License-Expression') ?? field('Classifier: License :: OSI Approved :')?.trim() ?? field('License');
    return { version: field('Version')!, licence: licence ?? 'none declared' };
  },

  crates: ({ name, version }, folder) => {
    const wanted = version === undefined ? name : `${name}@${version}`;
    const about = run('cargo', ['info', '--quiet', '--color', 'never', '--registry', 'crates-io', wanted]);
    const field = (label: string) => new RegExp(`^${label}: (\\S+)`, 'm').exec(about)![1]!;
    const crates = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'cache');
    const file = `${name}-${field('version')}.crate`;
    const index = readdirSync(crates).find((entry) => existsSync(join(crates, entry, file)))!;
    unpackTarball(join(crates, index, file), folder);
    return { version: field('version'), licence: /^license: (.*)$/m.exec(about)?.[1] ?? 'none declared' };
  },

  go: ({ name, version = 'latest' }, folder) => {
    const module = JSON.parse(run('go', ['mod', 'download', '-json', `${name}@${version}`]));
    cpSync(module.Dir, folder, { recursive: true });
    run('chmod', ['-R', 'u+w', folder]);
    const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    return {
      version: module.Version,
      licence: licence ? licenceKind(readFileSync(join(folder, licence), 'utf8')) : 'none',
    };
  },

  maven: ({ name, version }, folder) => {
    if (version === undefined) throw new Error(`${name} needs a version`);
    const [group, artifact] = name.split(':') as [string, string];
    for (const kind of ['jar:sources', 'pom']) {
      const wanted = `-Dartifact=${name}:${version}:${kind}`;
      run('mvn', ['-q', '-B', `${MAVEN_DEPENDENCY_PLUGIN}:get`, wanted, '-Dtransitive=false']);
    }
    const repository = join(homedir(), '.m2', 'repository', ...group.split('.'), artifact, version);
    run('python3', ['-m', 'zipfile', '-e', join(repository, `${artifact}-${version}-sources.jar`), folder]);
    const pom = readFileSync(join(repository, `${artifact}-${version}.pom`), 'utf8');
    const licence = /<license>\s*<name>([^<]+)<\/name>/.exec(pom)?.[1];
    return { version, licence: licence?.trim().replaceAll(/\s+/g, ' ') ?? licenceOfSources(folder) };
  },

  /** Debian's sources without Debian's changes; needs `deb-src` among apt's sources. */
  debian: ({ name, version }, folder) => {
    const about = run('apt-cache', ['showsrc', '--only-source', name]);
    const found = version ?? /^Version: (\S+)/m.exec(about)?.[1];
    run('apt-get', ['source', '--quiet=2', '--only-source', '--download-only', `${name}=${found}`], folder);
    for (const file of readdirSync(folder)) {
      if (/\.orig\.tar\.\w+$/.test(file)) run('tar', ['-xf', file, '--strip-components=1'], folder);
      else if (/\.debian\.tar\.\w+$/.test(file)) run('tar', ['-xf', file, 'debian/copyright'], folder);
    }
    const copyright = readFileSync(join(folder, 'debian', 'copyright'), 'utf8');
    for (const file of readdirSync(folder)) if (/\.(?:dsc|asc|tar\.\w+)$/.test(file)) rmSync(join(folder, file));
    const licence = /^Files: \*\n(?:.*\n)*?License: (.+)$/m.exec(copyright)?.[1] ?? licenceKind(copyright);
    return { version: found!, licence: licence.trim() };
  },
} satisfies Record<string, Fetch>;

const MAVEN_DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin';

/** The licence that a text is, by the words that only it has. */
function licenceKind(text: string): string {
  if (text.includes('Apache License')) return 'Apache-2.0';
  if (text.includes('Permission is hereby granted, free of charge')) return 'MIT';
  return text.includes('Redistribution and use in source and binary forms') ? 'BSD' : 'unknown';
}

/** For a package that leaves its licence to another one: what its own LICENSE or the head of its first source file says. */
function licenceOfSources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const file =
    files.find((path) => /^META-INF\/LICENSE/.test(path)) ?? files.find((path) => /\.(?:java|scala|kt)$/.test(path));
  return file === undefined ? 'none' : licenceKind(readFileSync(join(folder, file), 'utf8'));
}

/** Without the folder that the tarball has around everything. */
function unpackTarball(tarball: string, folder: string): void {
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  if (tarball.startsWith(folder)) rmSync(join(folder, basename(tarball)));
}

function run(program: string, args: string[], cwd?: string): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(cwd !== undefined && { cwd }),
  });
}
