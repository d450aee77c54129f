import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { byteLength } from '../graph/tensor.js';
import { writeDirectoryAtomic } from '../support/atomic-files.js';
import { OutputError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { realPath } from '../support/real-path.js';
import { type DirectoryKind, requireReplaceable } from '../support/replaceable-directory.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import { CONFIG_FILE, consolidatedName, MARKER_FILE, type ShardGroup, STATE_FILE } from './layout.js';
import { type Manifest, markerChecksum, readManifest, type ShardRecord, sha256Of } from './manifest.js';
import type { Checkpoint, StoredTensor } from './open.js';
import { complete } from './save.js';
import { trainedVocabularyOf } from './trained-vocabulary.js';
import { type StreamedTensor, writeWholeTensors } from './whole-tensors.js';

/** What a consolidated checkpoint was made from. */
const PROVENANCE_FILE = 'provenance.json';

const provenanceSchema = z.object({
  format: z.literal('proxy-compression consolidated checkpoint'),
  version: z.literal(1),
  /** The checkpoint as it was named, and the SHA-256 of its marker, which says what every byte of it is. */
  source: z.object({ path: z.string(), step: z.int(), marker: z.string() }),
  withOptimizer: z.boolean(),
  /** Fingerprint of the compressor of its training. */
  compressor: z.string(),
  /** Files of the compressor that lie beside, by the option that named them. */
  compressorFiles: z.record(z.string(), z.object({ file: z.string(), sha256: z.string() })),
  /** Version of pc that made it. */
  madeBy: z.string(),
});

export type Provenance = z.infer<typeof provenanceSchema>;

/** A file that the compressor was made with. */
export interface CompressorFile {
  /** The option that names it. */
  option: string;
  path: string;
  /** Its name in the consolidated directory. */
  name: string;
}

/**
 * The name that a compressor's file has in a consolidated directory: its own, unless that is of a form that markers do not
 * have, or taken, by the checkpoint itself or by one of `others`. Then the option stands in front.
 */
export function consolidatedFileName(option: string, path: string, others: readonly CompressorFile[]): string {
  const name = basename(path).replace(/[^A-Za-z0-9._-]/g, '_');
  const isTaken = OWN_FILES.has(name) || others.some((other) => other.name === name);
  return isTaken || !/^[A-Za-z0-9]/.test(name) ? `${option}-${name}` : name;
}

const OWN_FILES: ReadonlySet<string> = new Set([
  CONFIG_FILE,
  MARKER_FILE,
  PROVENANCE_FILE,
  STATE_FILE,
  consolidatedName('model'),
  consolidatedName('optimizer'),
]);

export interface ConsolidateRequest {
  checkpoint: Checkpoint;
  /** A new directory. */
  output: string;
  /** Write `optimizer.safetensors` too, so that training can go on from it. */
  withOptimizer: boolean;
  /** Replace a checkpoint that stands there. */
  force: boolean;
  compressorFiles: readonly CompressorFile[];
  /** Version of pc. */
  version: string;
  signal: AbortSignal;
  /** Bytes of tensors that are done, of all that will be. */
  onProgress(done: number, total: number): void;
}

export interface Consolidation {
  path: string;
  step: number;
  /** Nothing was to be done: it was there. */
  isOld: boolean;
  withOptimizer: boolean;
  /** Of the model, and of all files together. */
  parameters: number;
  bytes: number;
  /** Sizes by name. */
  files: Record<string, number>;
}

/** What may be replaced by `force`. */
const CHECKPOINT: DirectoryKind = {
  content: 'a checkpoint',
  isOneOf: (directory) => exists(join(directory, MARKER_FILE)),
  hint: 'Choose another path with -o.',
};

/**
 * Joins the shards of a checkpoint: one file of the model's tensors in the order of their names and, if wanted, one of the
 * optimizer's, with state and configuration. The result is itself a checkpoint. It has its name only when it is complete
 * and on the disk; one that was made from the same checkpoint before is left as it is. Tensors pass through memory in
 * pieces, except those that were cut along another dimension than the outermost, which are put together one at a time.
 *
 * @throws CheckpointError if the checkpoint is damaged; OutputError if something else stands at the output, or it cannot
 *   be written; the signal's reason
 */
export async function consolidateCheckpoint(request: ConsolidateRequest): Promise<Consolidation> {
  const { checkpoint, output, withOptimizer, force } = request;
  if (await isSamePlace(output, checkpoint.path)) {
    requireHolding(checkpoint, withOptimizer);
    return described(checkpoint, request, checkpoint.manifest, true);
  }
  const marker = await markerChecksum(checkpoint.path);
  const earlier = await provenanceOf(output);
  if (!force && earlier?.source.marker === marker && earlier.withOptimizer === withOptimizer) {
    await requireFiles(earlier, request);
    return described(checkpoint, request, await readManifest(output), true);
  }
  await requireReplaceable(output, force, CHECKPOINT);
  await removeStaleTemporaries(dirname(output));
  await writeDirectoryAtomic(output, (temporary) => fill(temporary, request, marker), { replace: force });
  return described(checkpoint, request, await readManifest(output), false);
}

/** Also where one of the paths goes through a link: what is being read must not be replaced. */
async function isSamePlace(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map((path) => realPath(path).catch(() => resolve(path))));
  return x === y;
}

/** Whether all tensors of a group stand in one file already, as `consolidateCheckpoint` writes them. */
export function isConsolidated({ manifest }: Pick<Checkpoint, 'manifest'>): boolean {
  const names = new Set([consolidatedName('model'), consolidatedName('optimizer')]);
  return Object.keys(manifest.shards).every((name) => names.has(name));
}

/** @throws OutputError if a checkpoint is not what consolidating it in its own place would make of it */
function requireHolding(checkpoint: Checkpoint, withOptimizer: boolean): void {
  const hasOptimizer = checkpoint.specs.some(({ group }) => group === 'optimizer');
  if (isConsolidated(checkpoint) && (hasOptimizer || !withOptimizer)) return;
  throw new OutputError('a checkpoint is not consolidated in its own place', {
    file: checkpoint.path,
    hint: hasOptimizer ? 'Choose another path with -o.' : 'It has no optimizer: consolidate the checkpoint it is from.',
  });
}

/** @throws OutputError if files of the compressor are at hand now that an earlier consolidation has not, or has otherwise */
async function requireFiles({ compressorFiles }: Provenance, { output, compressorFiles: wanted }: ConsolidateRequest) {
  for (const { option, path, name } of wanted) {
    const has = Object.hasOwn(compressorFiles, option) ? compressorFiles[option] : undefined;
    if (has?.sha256 === sha256Of(await readFile(path))) continue;
    throw new OutputError(`${output} was consolidated with${has ? ' another' : 'out'} ${name}`, {
      file: output,
      hint: 'Add --force to make it again, or choose another path with -o.',
    });
  }
}

/** What a directory was consolidated from; undefined for any other directory, or none. */
export async function provenanceOf(directory: string): Promise<Provenance | undefined> {
  try {
    const file = join(directory, PROVENANCE_FILE);
    // Opening a pipe would wait for a writer.
    if (!(await stat(file)).isFile()) return undefined;
    return provenanceSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function fill(directory: string, request: ConsolidateRequest, marker: string): Promise<void> {
  const { checkpoint, withOptimizer, signal, onProgress } = request;
  const groups: ShardGroup[] = withOptimizer ? ['model', 'optimizer'] : ['model'];
  const wanted = checkpoint.specs.filter(({ group }) => groups.includes(group));
  const total = wanted.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
  let done = 0;
  const onPiece = (piece: Uint8Array): void => {
    signal.throwIfAborted();
    done += piece.byteLength;
    onProgress(done, total);
  };
  const shards: Record<string, ShardRecord> = {};
  const reader = checkpoint.openReader();
  const streamed = ({ name, dtype, shape }: StoredTensor): StreamedTensor => ({
    name,
    dtype,
    shape,
    pieces: () => reader.pieces(name),
    checksum: reader.checksum(name),
  });
  try {
    for (const group of groups) {
      const tensors = wanted.filter((tensor) => tensor.group === group).sort(byName);
      if (tensors.length > 0) {
        const name = consolidatedName(group);
        shards[name] = await writeWholeTensors(join(directory, name), tensors.map(streamed), onPiece);
      }
    }
  } finally {
    await reader.close();
  }
  const { state, step, configYaml } = checkpoint;
  const files = await besides(request, marker);
  signal.throwIfAborted();
  await complete(directory, { step, state, configYaml }, shards, files);
}

/** What else lies in the directory: where it is from, and the compressor's files. */
async function besides(
  { checkpoint, withOptimizer, compressorFiles, version }: ConsolidateRequest,
  marker: string,
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  const copied: Provenance['compressorFiles'] = {};
  for (const { option, path, name } of compressorFiles) {
    const bytes = await readFile(path);
    files[name] = bytes;
    copied[option] = { file: name, sha256: sha256Of(bytes) };
  }
  const provenance: Provenance = {
    format: 'proxy-compression consolidated checkpoint',
    version: 1,
    source: { path: checkpoint.path, step: checkpoint.step, marker },
    withOptimizer,
    compressor: trainedVocabularyOf(checkpoint).compressor,
    compressorFiles: copied,
    madeBy: version,
  };
  return { ...files, [PROVENANCE_FILE]: new TextEncoder().encode(`${JSON.stringify(provenance, null, 2)}\n`) };
}

function described(
  { specs, step }: Checkpoint,
  { output, withOptimizer }: ConsolidateRequest,
  { files, shards }: Manifest,
  isOld: boolean,
): Consolidation {
  const sizes = Object.entries({ ...files, ...shards }).map(([name, { bytes }]) => [name, bytes] as const);
  return {
    path: output,
    step,
    isOld,
    withOptimizer,
    parameters: parametersOf(specs),
    bytes: sizes.reduce((sum, [, bytes]) => sum + bytes, 0),
    files: Object.fromEntries(sizes),
  };
}

/** Elements of the model's tensors. */
export function parametersOf(specs: readonly StoredTensor[]): number {
  return specs
    .filter(({ group }) => group === 'model')
    .reduce((sum, { shape }) => sum + shape.reduce((elements, size) => elements * size, 1), 0);
}

/** By code unit: the same order everywhere. */
function byName(a: StoredTensor, b: StoredTensor): number {
  return a.name < b.name ? -1 : 1;
}
