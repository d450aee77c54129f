import { elementCount, type Shape } from '../../graph/index.js';
import { CheckpointError } from '../../support/errors.js';
import { decodedPieces, type FloatElement } from '../float-elements.js';
import type { TensorSource } from '../tensor-source.js';
import { StoredArchive } from './stored-archive.js';
import { PickledDict, PickledTensor, PickleError, unpickle } from './unpickler.js';

/** Storages of floats, by their names in torch, and the bytes of an element. */
const STORAGES: Readonly<Record<string, { type: FloatElement; bytes: number }>> = {
  FloatStorage: { type: 'F32', bytes: 4 },
  DoubleStorage: { type: 'F64', bytes: 8 },
  HalfStorage: { type: 'F16', bytes: 2 },
  BFloat16Storage: { type: 'BF16', bytes: 2 },
};

/** Largest pickle that is read: it holds names and shapes, not values. */
const MAX_PICKLE_BYTES = 1 << 26;

/** Where the values of a tensor lie: in which entry, and how far from its beginning. */
interface Place {
  shape: Shape;
  type: FloatElement;
  entry: string;
  offset: number;
  byteLength: number;
}

/**
 * The tensors of a file that `torch.save` wrote: of its `model`, where it has one beside other things, or of the dict that
 * it is.
 *
 * @throws CheckpointError if the file is damaged, holds anything but tensors and plain containers, or tensors that are
 *   no floats or not stored row after row
 */
export async function openTorchArchive(path: string): Promise<TensorSource> {
  const archive = await StoredArchive.open(path);
  try {
    const root = rootOf(archive);
    if (await isBigEndian(archive, root)) throw refused(path, 'its numbers are big-endian');
    const pickle = await archive.entry(`${root}data.pkl`);
    if (pickle.byteLength > MAX_PICKLE_BYTES) throw refused(path, `its pickle has ${pickle.byteLength} bytes`);
    const model = modelOf(unpickled(await archive.read(pickle.position, pickle.byteLength), path), path);
    const places = new Map<string, Place>();
    for (const [name, value] of model.entries) places.set(String(name), placeOf(archive, root, name, value));
    const shapes: ReadonlyMap<string, Shape> = new Map([...places].map(([name, { shape }]) => [name, shape]));
    return {
      path,
      shapes,
      pieces: (name) => {
        const place = places.get(name)!;
        return decodedPieces(place.type, bytesOf(archive, place), { file: path, name });
      },
      close: () => archive.close(),
    };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** The folder within the archive, named after the file that was saved. */
function rootOf({ names, path }: StoredArchive): string {
  for (const name of names) {
    const [, root] = /^([^/]+\/)data\.pkl$/.exec(name) ?? [];
    if (root !== undefined) return root;
  }
  throw refused(path, 'it holds no data.pkl');
}

async function isBigEndian(archive: StoredArchive, root: string): Promise<boolean> {
  if (![...archive.names].includes(`${root}byteorder`)) return false;
  const { position, byteLength } = await archive.entry(`${root}byteorder`);
  return byteLength === 3 && (await archive.read(position, byteLength)).toString() === 'big';
}

function unpickled(bytes: Buffer, path: string): PickledDict {
  try {
    const value = unpickle(bytes);
    if (value instanceof PickledDict) return value;
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    throw refused(path, `its pickle is refused: ${cause.message}`, undefined, cause);
  }
  throw refused(path, 'it holds no dict');
}

function modelOf(saved: PickledDict, path: string): PickledDict {
  const model = saved.entries.get('model') ?? saved;
  if (model instanceof PickledDict) return model;
  throw refused(path, 'its model is no dict', 'model');
}

/** Where an entry begins is looked up when it is read: only then, and of those alone that are. */
async function* bytesOf(archive: StoredArchive, { entry, offset, byteLength }: Place): AsyncGenerator<Uint8Array> {
  const { position } = await archive.entry(entry);
  yield* archive.pieces(position + offset, byteLength);
}

function placeOf(archive: StoredArchive, root: string, key: string | number, value: unknown): Place {
  const name = String(key);
  if (!(value instanceof PickledTensor)) throw refused(archive.path, `${name} is no tensor`, name);
  const { storage, offset, shape, strides } = value;
  const element = Object.hasOwn(STORAGES, storage.type) ? STORAGES[storage.type] : undefined;
  if (element === undefined) throw refused(archive.path, `${name} is stored as ${storage.type}`, name);
  if (!isRowMajor(shape, strides)) throw refused(archive.path, `${name} is not stored row after row`, name);
  const entry = `${root}data/${storage.key}`;
  const count = elementCount(shape);
  if (offset + count > storage.elements || storage.elements * element.bytes > archive.byteLength(entry))
    throw refused(archive.path, `${name} is larger than what is stored`, name);
  return { shape, type: element.type, entry, offset: offset * element.bytes, byteLength: count * element.bytes };
}

/** Axes of one element, or of a tensor without any, may have any stride. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && strides[axis] !== expected) return elementCount(shape) === 0;
    expected *= shape[axis]!;
  }
  return true;
}

function refused(file: string, what: string, field?: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${file} cannot be read: ${what}`, {
    file,
    ...(field !== undefined && { field }),
    hint: 'Only tensors in plain dicts are read, and nothing is executed: save {"model": model.state_dict()} alone.',
    cause,
  });
}
