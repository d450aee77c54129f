/**
 * Makes a corpus of source code from the packages that a recipe lists, such as the one that the shipped tokenizer and
 * codebooks were trained on, or the one that they are measured on:
 *
 *     npx tsx scripts/code-corpus.ts RECIPE FOLDER [--record] [--without OTHER]
 *
 * Packages come through the clients of their registries (npm, pip, cargo, go, mvn, and apt-get for Debian's sources), which
 * must be installed. A package that does not declare the licence that the recipe has for it ends the script. FOLDER/tree then
 * holds the files that are taken, FOLDER/data the datasets made of them: `code`, or one for each language that the recipe
 * names. With `--without`, no file is taken whose content is in the tree of the corpus OTHER. With `--record`, entries of the
 * recipe that lack a version or a licence get the newest version and what it declares, for a person to judge.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importSourceTree } from '../src/data/import.js';
import { IMPORT_DEFAULTS } from '../src/data/import-options.js';
import { type PackageEntry, unpackPackage } from './package-sources.js';

interface Recipe {
  /** Most bytes of one package, so that no single style of code prevails. */
  packageBytes: number;
  /** Least and most bytes of one file, and the longest mean line: what is longer was made by a program. */
  minBytes: number;
  maxBytes: number;
  meanLineBytes: number;
  /** Ends of the names of files that are taken. */
  extensions: string[];
  /** Folders that hold further builds of the same source. */
  excludedFolders: string[];
  /** Expressions of licences that are permissive. */
  licences: string[];
  /** Datasets that the corpus is split into, with the ends of the names of their files; absent: one, of all. */
  languages?: Record<string, string[]>;
  packages: PackageEntry[];
}

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { record: { type: 'boolean', default: false }, without: { type: 'string' } },
});
const [recipeFile, folder] = positionals;
if (recipeFile === undefined || folder === undefined || positionals.length > 2) {
  process.stderr.write('usage: tsx scripts/code-corpus.ts RECIPE FOLDER [--record] [--without OTHER]\n');
  process.exit(2);
}
const recipe = JSON.parse(readFileSync(recipeFile, 'utf8')) as Recipe;
const work = resolve(folder);
const unwanted = flags.without === undefined ? new Set<string>() : contentsOf(join(resolve(flags.without), 'tree'));

for (const entry of recipe.packages) {
  const unpacked = unpackPackage(entry, join(work, 'packages'));
  if (flags.record) {
    entry.version ??= unpacked.version;
    entry.licence ??= unpacked.licence;
  } else if (entry.licence !== unpacked.licence || !recipe.licences.includes(unpacked.licence)) {
    throw new Error(
      `${entry.from} ${entry.name} declares the licence "${unpacked.licence}", the recipe "${entry.licence}"`,
    );
  }
  const target = join(work, 'tree', entry.from, entry.name.replaceAll(/[/:@]/g, '_'));
  if (existsSync(target)) continue;
  const taken = recipe.licences.includes(unpacked.licence) ? takeFiles(unpacked.folder, target) : 0;
  process.stdout.write(
    `${entry.from} ${entry.name} ${unpacked.version} (${unpacked.licence}): ${(taken / 1e6).toFixed(2)} MB\n`,
  );
}
if (flags.record) writeFileSync(recipeFile, recipeText(recipe));

for (const [name, extensions] of Object.entries(recipe.languages ?? { code: recipe.extensions })) {
  const { training } = await importSourceTree({
    ...IMPORT_DEFAULTS,
    directories: [join(work, 'tree')],
    output: join(work, 'data', name),
    validation: null,
    extensions,
    force: true,
  });
  process.stdout.write(
    `${name}: ${training.documents} documents, ${(training.textBytes / 1e6).toFixed(1)} MB of text\n`,
  );
}

/** Copies the files of a package that are source code, up to the recipe's size; returns their bytes. */
function takeFiles(source: string, target: string): number {
  const candidates = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => isCandidate(source, path))
    .map((path) => ({ path, order: sha256(path) }))
    // A share of all folders, and the same one each time.
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  let bytes = 0;
  for (const { path } of candidates) {
    const content = readFileSync(join(source, path));
    const lines = content.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 1);
    if (content.length / lines > recipe.meanLineBytes || bytes + content.length > recipe.packageBytes) continue;
    if (unwanted.has(sha256(content))) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(source, path), join(target, path));
    bytes += content.length;
  }
  return bytes;
}

function isCandidate(source: string, path: string): boolean {
  const parts = path.split('/');
  if (!recipe.extensions.some((extension) => path.endsWith(`.${extension}`)) || path.includes('.min.')) return false;
  if (parts.some((part) => recipe.excludedFolders.includes(part))) return false;
  const file = statSync(join(source, path), { throwIfNoEntry: false });
  return file?.isFile() === true && file.size >= recipe.minBytes && file.size <= recipe.maxBytes;
}

/** Checksums of all files below a folder. */
function contentsOf(directory: string): Set<string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Set(files.map((file) => sha256(readFileSync(join(file.parentPath, file.name)))));
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** One package a line. */
function recipeText({ packages, ...rest }: Recipe): string {
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  return `${head},\n  "packages": [\n${packages.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')}\n  ]\n}\n`;
}
