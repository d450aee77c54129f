import { join } from 'node:path';
import { encodeHeader, SafetensorsWriter, tensorByteLength } from '../../checkpoints/index.js';
import { elementCount } from '../../graph/index.js';
import { writeFileDurably } from '../../support/durable-files.js';
import { CheckpointError } from '../../support/errors.js';
import { type FloatEncoder, floatEncoder, WEIGHT_TYPES, type WeightType } from '../float-elements.js';
import { plannedValues, type TensorPlan } from '../tensor-plan.js';
import type { TensorSource } from '../tensor-source.js';
import { INDEX_FILE, SINGLE_FILE } from './hub-weights.js';

/** Weights written as the hub has them: files of bounded size, and an index where there is more than one. */
export interface ShardRequest {
  plans: readonly TensorPlan[];
  source: TensorSource;
  dtype: WeightType;
  /** Largest file's tensors in bytes; a larger tensor has a file to itself. */
  shardBytes: number;
  signal?: AbortSignal;
  /** Told of the bytes written so far, of all that will be. */
  onProgress?(done: number, total: number): void;
}

export interface WrittenWeights {
  files: string[];
  /** Of the tensors alone. */
  bytes: number;
}

/** Hugging Face's loaders ask for this. */
const METADATA = { format: 'pt' };

/**
 * Writes safetensors files into an empty directory, piece by piece.
 *
 * @throws CheckpointError if a value is too large for the type; what reading throws
 */
export async function writeHubWeights(directory: string, request: ShardRequest): Promise<WrittenWeights> {
  const { plans, dtype, shardBytes, signal } = request;
  const sizeOf = ({ shape }: TensorPlan) => tensorByteLength({ type: WEIGHT_TYPES[dtype].element, shape });
  const shards = divideIntoShards(plans, sizeOf, shardBytes);
  const bytes = plans.reduce((sum, plan) => sum + sizeOf(plan), 0);
  const encode = floatEncoder(dtype);
  let done = 0;
  const map: Record<string, string> = {};
  const files: string[] = [];
  for (const [index, shard] of shards.entries()) {
    const file = shards.length === 1 ? SINGLE_FILE : shardFile(index, shards.length);
    files.push(file);
    const specs = shard.map(({ name, shape }) => ({ name, shape, type: WEIGHT_TYPES[dtype].element }));
    const writer = await SafetensorsWriter.create(join(directory, file), encodeHeader(specs, METADATA).byteLength);
    try {
      for (const [position, plan] of shard.entries()) {
        await writer.append(specs[position]!, encoded(plan, request, encode), (piece) => {
          signal?.throwIfAborted();
          done += piece.byteLength;
          request.onProgress?.(done, bytes);
        });
        map[plan.name] = file;
      }
      await writer.finish(METADATA);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }
  if (shards.length > 1) {
    const parameters = plans.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const index = { metadata: { total_parameters: parameters, total_size: bytes }, weight_map: map };
    await writeFileDurably(join(directory, INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`);
    files.push(INDEX_FILE);
  }
  return { files, bytes };
}

async function* encoded(
  plan: TensorPlan,
  { source, dtype }: ShardRequest,
  encode: FloatEncoder,
): AsyncGenerator<Uint8Array> {
  for await (const values of plannedValues(plan, source)) {
    const { bytes, overflows } = encode(values);
    if (overflows > 0)
      throw new CheckpointError(`${plan.name} has values that are too large for ${dtype}`, {
        file: source.path,
        field: plan.name,
        hint: 'Use --dtype bf16, which has the range of fp32, or --dtype fp32.',
      });
    yield bytes;
  }
}

/** Tensors in their order, in as few files as that allows. */
function divideIntoShards(
  plans: readonly TensorPlan[],
  sizeOf: (plan: TensorPlan) => number,
  most: number,
): TensorPlan[][] {
  const shards: TensorPlan[][] = [];
  let size = 0;
  for (const plan of plans) {
    const own = sizeOf(plan);
    const current = shards.at(-1);
    if (current !== undefined && size + own <= most) {
      current.push(plan);
      size += own;
    } else {
      shards.push([plan]);
      size = own;
    }
  }
  return shards;
}

const digits = (number: number): string => String(number).padStart(5, '0');

const shardFile = (index: number, count: number): string =>
  `model-${digits(index + 1)}-of-${digits(count)}.safetensors`;
