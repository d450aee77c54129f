import { dirname, join, resolve } from 'node:path';
import { type Checkpoint, SafetensorsFile, trainedVocabularyOf } from '../../checkpoints/index.js';
import { declarations, elementCount, makeProgram } from '../../graph/index.js';
import { createModel, vocabularySizes } from '../../models/index.js';
import type { ProgramExporter, StoredState } from '../../plugins/contracts.js';
import { writeDirectoryAtomic } from '../../support/atomic-files.js';
import { writeFileDurably } from '../../support/durable-files.js';
import { UsageError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import { type DirectoryKind, requireReplaceable } from '../../support/replaceable-directory.js';
import { removeStaleTemporaries } from '../../support/temporaries.js';
import { checkpointSource } from '../checkpoint-source.js';
import { rawHeadsInWords } from '../hub/hub-model.js';
import { writeHubWeights } from '../hub/hub-shards.js';
import { SINGLE_FILE } from '../hub/hub-weights.js';
import { provenanceOf } from '../provenance.js';
import { requireSources, wholeTensor } from '../tensor-plan.js';
import type { TrainedRun } from '../trained-run.js';

/** Symbols of the longest sequence: the graph has nodes for every window or block of it, and is made in memory. */
const LONGEST_SEQUENCE = 1 << 16;
/** Positions of the largest batch. */
const MOST_POSITIONS = 1 << 20;

/** Files of an exported graph, beside its weights. */
const GRAPH_FILE = 'model.onnx';
const DESCRIPTION_FILE = 'model.json';

export interface OnnxExportRequest {
  checkpoint: Checkpoint;
  /** Its configuration. */
  run: TrainedRun;
  /** Of a backend that can. */
  exporter: ProgramExporter;
  /** Directory to write. */
  output: string;
  /** Sequences of a batch, B, and symbols of each, N. */
  rows: number;
  sequenceLength: number;
  force: boolean;
  signal?: AbortSignal;
  onProgress?(done: number, total: number): void;
}

export interface OnnxExportReport {
  output: string;
  architecture: string;
  tensors: number;
  parameters: number;
  /** Of the weights. */
  bytes: number;
  /** Of the input `ids`, [B, N], and of the result `logits`, [B, N, P, V]. */
  shapes: { ids: number[]; logits: number[] };
  files: string[];
  leftOut: string[];
}

const ONNX_MODEL: DirectoryKind = {
  content: 'an exported graph',
  isOneOf: (directory) => exists(join(directory, GRAPH_FILE)),
  hint: 'Choose another path with -o.',
};

/**
 * Writes the graph that computes the logits of all main heads at every position of a full context, and its weights
 * beside it as safetensors. Shapes are fixed: masks and angles are computed for them when the graph is made.
 *
 * @throws UsageError if the length is no multiple of the model's, or the shapes are too large; CheckpointError if the checkpoint is damaged or of another model than
 *   its configuration says; OutputError if the directory exists or cannot be written; the reason of `signal` when it is aborted
 */
export async function exportToOnnx(request: OnnxExportRequest): Promise<OnnxExportReport> {
  const { checkpoint, run, output, rows, sequenceLength, force } = request;
  const { layout, compressor } = trainedVocabularyOf(checkpoint);
  const model = createModel(run.model, vocabularySizes(layout.size));
  if (sequenceLength % model.lengthMultiple !== 0)
    throw new UsageError(`--length ${sequenceLength} is no multiple of the model's window`, {
      hint: `Choose a multiple of ${model.lengthMultiple}.`,
    });
  if (sequenceLength > LONGEST_SEQUENCE || rows * sequenceLength > MOST_POSITIONS)
    throw new UsageError(`a graph for ${rows} × ${sequenceLength} symbols is too large`, {
      hint: `Choose --length up to ${LONGEST_SEQUENCE}, and --rows so that both together are at most ${MOST_POSITIONS}.`,
    });
  const logits = model.logits({ rows, sequenceLength }, { documentMask: false });
  const program = makeProgram({ outputs: { logits } });
  const plans = declarations(program, 'state').map(({ name, shape }) => wholeTensor(name, name, shape));
  const source = checkpointSource(
    checkpoint,
    plans.map(({ name }) => name),
  );
  requireSources(plans, source, {
    isIgnored: () => false,
    hint: 'Its config.yaml describes another model than its weights: use the files of one and the same run.',
  });
  await requireReplaceable(output, force, ONNX_MODEL);
  await removeStaleTemporaries(dirname(resolve(output)));
  const shapes = { ids: [rows, sequenceLength], logits: [...logits.shape] };
  const leftOut = model.rawHeads > 0 ? [rawHeadsInWords(model.rawHeads)] : [];
  const description = { ...provenanceOf(checkpoint.step, run, layout, compressor), shapes };
  let bytes = 0;
  await writeDirectoryAtomic(
    output,
    async (temporary) => {
      const weights = { ...request, plans, source, dtype: 'fp32', shardBytes: Infinity } as const;
      ({ bytes } = await writeHubWeights(temporary, weights));
      const graph = await request.exporter(program, await placesIn(temporary));
      await writeFileDurably(join(temporary, GRAPH_FILE), graph);
      await writeFileDurably(join(temporary, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
    },
    { replace: force },
  ).finally(() => source.close());
  return {
    output,
    architecture: run.model.architecture,
    tensors: plans.length,
    parameters: plans.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes,
    shapes,
    files: [DESCRIPTION_FILE, GRAPH_FILE, SINGLE_FILE],
    leftOut,
  };
}

/** Where the weights lie in the file that was written. */
async function placesIn(directory: string): Promise<StoredState[]> {
  const file = await SafetensorsFile.open(join(directory, SINGLE_FILE));
  const places = file.entries.map(({ name, position: offset, byteLength }) => ({
    name,
    file: SINGLE_FILE,
    offset,
    byteLength,
  }));
  await file.close();
  return places;
}
