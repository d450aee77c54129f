import {
  BYTES_PER_ELEMENT,
  byteLength,
  type DType,
  elementCount,
  float32Values,
  type HostTensor,
  int32Values,
  sameShape,
} from '../graph/tensor.js';
import { decodeHalves, halfWords } from './half-precision.js';
import type { ShardGroup } from './layout.js';
import type { Checkpoint, StoredTensor } from './open.js';
import type { TensorReader } from './tensor-reader.js';

/** How a tensor of one checkpoint differs from that of the same name in another, b − a element by element. */
export interface TensorDifference {
  name: string;
  group: ShardGroup;
  dtypes: { a: DType; b: DType };
  shape: readonly number[];
  /** Every bit is the same. */
  identical: boolean;
  /** Elements of other values. */
  differing: number;
  elements: number;
  /** Largest and mean of |b − a|; infinite where a NaN stands against a number. */
  max: number;
  mean: number;
  /** ‖b − a‖₂ / ‖a‖₂; 0 if both are 0. */
  relative: number;
}

export interface CheckpointDifference {
  a: string;
  b: string;
  /** Tensors that only one has. Here and below the model's stand before the optimizer's. */
  onlyA: Pick<StoredTensor, 'name' | 'group'>[];
  onlyB: Pick<StoredTensor, 'name' | 'group'>[];
  /** Tensors that have other shapes, which are not compared further. */
  shapes: { name: string; group: ShardGroup; a: readonly number[]; b: readonly number[] }[];
  tensors: TensorDifference[];
  /** The same tensors with the same bits. */
  identical: boolean;
}

export interface CompareOptions {
  signal: AbortSignal;
  /** Bytes of `a` that were compared, of all. */
  onProgress(done: number, total: number): void;
}

/**
 * Compares the tensors of two checkpoints, however each is stored, piece by piece.
 *
 * @throws CheckpointError if one of them is damaged; the signal's reason
 */
export async function compareCheckpoints(
  a: Checkpoint,
  b: Checkpoint,
  { signal, onProgress }: CompareOptions,
): Promise<CheckpointDifference> {
  const [inA, inB] = [byName(a), byName(b)];
  const common = a.specs.filter(({ name }) => inB.has(name)).sort(byGroupAndName);
  const comparable = common.filter(({ name, shape }) => sameShape(shape, inB.get(name)!.shape));
  const total = comparable.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
  const readers = { a: a.openReader(), b: b.openReader() };
  const tensors: TensorDifference[] = [];
  let done = 0;
  try {
    for (const spec of comparable) {
      const onBytes = (bytes: number): void => {
        signal.throwIfAborted();
        done += bytes;
        onProgress(done, total);
      };
      tensors.push(await compareTensor(spec, inB.get(spec.name)!, readers, onBytes));
    }
  } finally {
    await readers.a.close();
    await readers.b.close();
  }
  const onlyIn = (specs: readonly StoredTensor[], other: ReadonlyMap<string, StoredTensor>) =>
    specs
      .filter(({ name }) => !other.has(name))
      .sort(byGroupAndName)
      .map(({ name, group }) => ({ name, group }));
  const [onlyA, onlyB] = [onlyIn(a.specs, inB), onlyIn(b.specs, inA)];
  const shapes = common
    .filter((spec) => !comparable.includes(spec))
    .map(({ name, group, shape }) => ({ name, group, a: shape, b: inB.get(name)!.shape }));
  const identical = onlyA.length + onlyB.length + shapes.length === 0 && tensors.every((tensor) => tensor.identical);
  return { a: a.path, b: b.path, onlyA, onlyB, shapes, tensors, identical };
}

/** `model` comes before `optimizer`, and names by code unit. */
function byGroupAndName(x: StoredTensor, y: StoredTensor): number {
  if (x.group !== y.group) return x.group < y.group ? -1 : 1;
  return x.name < y.name ? -1 : 1;
}

function byName({ specs }: Checkpoint): Map<string, StoredTensor> {
  return new Map(specs.map((spec) => [spec.name, spec]));
}

async function compareTensor(
  a: StoredTensor,
  b: StoredTensor,
  readers: { a: TensorReader; b: TensorReader },
  onBytes: (bytes: number) => void,
): Promise<TensorDifference> {
  const [valuesOfA, valuesOfB] = [VALUES[a.dtype], VALUES[b.dtype]];
  const elements = elementCount(a.shape);
  let [differing, max, sum, squares, squaresOfA] = [0, 0, 0, 0, 0];
  let sameBits = a.dtype === b.dtype;
  const pieces = inStep(readers.a.pieces(a.name), readers.b.pieces(b.name), {
    a: BYTES_PER_ELEMENT[a.dtype],
    b: BYTES_PER_ELEMENT[b.dtype],
  });
  for await (const pair of pieces) {
    const [x, y] = [valuesOfA(pair.a), valuesOfB(pair.b)];
    sameBits &&= Buffer.compare(pair.a, pair.b) === 0;
    for (let i = 0; i < x.length; i++) {
      const [from, to] = [x[i]!, y[i]!];
      squaresOfA += from * from;
      if (from === to || (Number.isNaN(from) && Number.isNaN(to))) continue;
      const distance = Math.abs(to - from);
      const finite = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
      differing++;
      sum += finite;
      squares += finite * finite;
      if (finite > max) max = finite;
    }
    onBytes(pair.a.byteLength);
  }
  return {
    name: a.name,
    group: a.group,
    dtypes: { a: a.dtype, b: b.dtype },
    shape: a.shape,
    identical: sameBits,
    differing,
    elements,
    max,
    mean: elements === 0 ? 0 : sum / elements,
    relative: squares === 0 ? 0 : Math.sqrt(squares / squaresOfA),
  };
}

/** Two streams of bytes, cut so that every pair has as many elements. */
async function* inStep(
  a: AsyncGenerator<Uint8Array>,
  b: AsyncGenerator<Uint8Array>,
  elementBytes: { a: number; b: number },
): AsyncGenerator<{ a: Uint8Array; b: Uint8Array }> {
  let [restOfA, restOfB] = [new Uint8Array(0), new Uint8Array(0)] as [Uint8Array, Uint8Array];
  try {
    for (;;) {
      if (restOfA.byteLength === 0) restOfA = (await a.next()).value ?? restOfA;
      if (restOfB.byteLength === 0) restOfB = (await b.next()).value ?? restOfB;
      const count = Math.min(restOfA.byteLength / elementBytes.a, restOfB.byteLength / elementBytes.b);
      if (count === 0) break;
      yield { a: restOfA.subarray(0, count * elementBytes.a), b: restOfB.subarray(0, count * elementBytes.b) };
      restOfA = restOfA.subarray(count * elementBytes.a);
      restOfB = restOfB.subarray(count * elementBytes.b);
    }
  } finally {
    await a.return(undefined);
    await b.return(undefined);
  }
}

/** The numbers that bytes stand for. */
const VALUES: Readonly<Record<DType, (bytes: Uint8Array) => ArrayLike<number>>> = {
  f32: (bytes) => float32Values(tensorOf('f32', bytes)),
  i32: (bytes) => int32Values(tensorOf('i32', bytes)),
  f16: (bytes) => {
    const words = halfWords(bytes);
    const values = new Float32Array(words.length);
    decodeHalves(words, values);
    return values;
  },
  bf16: (bytes) => new Float32Array(Uint32Array.from(halfWords(bytes), (word) => word << 16).buffer),
  bool: (bytes) => bytes,
};

function tensorOf(dtype: DType, bytes: Uint8Array): HostTensor {
  return { dtype, shape: [bytes.byteLength / BYTES_PER_ELEMENT[dtype]], bytes };
}
