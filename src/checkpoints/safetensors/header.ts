import { CheckpointError } from '../../support/errors.js';
import { ELEMENT_BYTES, type ElementType, isElementType } from './element-types.js';

/**
 * The header of a safetensors file: its length (8 bytes, little-endian), then a JSON object that maps names to
 * `{ dtype, shape, data_offsets }`, padded with spaces, and after it the data without gaps. The format is described
 * at https://github.com/huggingface/safetensors. What is read here comes from strangers, so nothing is believed.
 */

export interface TensorSpec {
  name: string;
  type: ElementType;
  /** Outermost dimension first; a scalar has none. */
  shape: number[];
}

export interface TensorEntry extends TensorSpec {
  /** Position of the first byte in the file, and their number. */
  position: number;
  byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of their positions. */
  entries: TensorEntry[];
  metadata: Record<string, string>;
  /** Where the data begins in the file. */
  dataStart: number;
}

export const LENGTH_BYTES = 8;
/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_NAME_LENGTH = 1024;
const METADATA_KEY = '__metadata__';
/** The second is no key that objects of JavaScript hold: what is listed by name would lose it. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([METADATA_KEY, '__proto__']);

export function tensorByteLength({ type, shape }: Pick<TensorSpec, 'type' | 'shape'>): number {
  return shape.reduce((bytes, size) => bytes * size, ELEMENT_BYTES[type]);
}

/**
 * Length field and header of a file that holds these tensors in this order, `minimumBytes` long or longer.
 * @throws CheckpointError if a name or the header's length is not allowed.
 */
export function encodeHeader(
  specs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>> = {},
  minimumBytes = 0,
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  let begin = 0;
  for (const spec of specs) {
    const problem = nameProblem(spec.name);
    if (problem !== undefined) throw new CheckpointError(`a tensor cannot be stored under its name: ${problem}`);
    const end = begin + tensorByteLength(spec);
    header.push([spec.name, { dtype: spec.type, shape: spec.shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // Data that begins at a multiple of 8 can be mapped into memory as any type.
  const length = Math.max(minimumBytes, Math.ceil((LENGTH_BYTES + json.byteLength) / 8) * 8);
  if (length > LENGTH_BYTES + MAX_HEADER_BYTES) throw new CheckpointError('too many tensors for one safetensors file');
  const bytes = new Uint8Array(length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/**
 * The length of the header that follows the file's first 8 bytes.
 * @throws CheckpointError if a file of that size cannot hold it.
 */
export function headerLength(first: Uint8Array, fileSize: number, file: string): number {
  if (first.byteLength < LENGTH_BYTES) throw damaged(file, `it has only ${first.byteLength} bytes`);
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) throw damaged(file, `its header claims ${length} bytes`);
  if (Number(length) > fileSize - LENGTH_BYTES) {
    throw damaged(file, `its header claims ${length} bytes of a file of ${fileSize}`);
  }
  return Number(length);
}

/**
 * What the header says, checked: every tensor lies within the file, with as many bytes as its type and shape take, no
 * two overlap and no byte is left over.
 *
 * @param header the bytes after the length field.
 * @throws CheckpointError naming the file and, where it is about one, the tensor.
 */
export function decodeHeader(header: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const dataStart = LENGTH_BYTES + header.byteLength;
  const { [METADATA_KEY]: metadata = {}, ...tensors } = parseObject(header, file);
  const entries = Object.entries(tensors).map(([name, value]) => decodeEntry(name, value, dataStart, file));
  entries.sort((a, b) => a.position - b.position || a.byteLength - b.byteLength);
  let end = dataStart;
  for (const { name, position, byteLength } of entries) {
    if (position !== end) {
      throw damaged(file, `tensor ${shown(name)} ${position < end ? 'overlaps another' : 'follows a gap'}`, name);
    }
    end += byteLength;
  }
  if (end > fileSize) throw damaged(file, `it is truncated: ${fileSize} bytes of ${end}`);
  if (end < fileSize) throw damaged(file, `${fileSize - end} bytes belong to no tensor`);
  return { entries, metadata: checkedMetadata(metadata, file), dataStart };
}

function parseObject(header: Uint8Array, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header));
  } catch (cause) {
    throw damaged(file, 'its header is not JSON', undefined, cause);
  }
  if (!isRecord(value)) throw damaged(file, 'its header is not a JSON object');
  return value;
}

function decodeEntry(name: string, value: unknown, dataStart: number, file: string): TensorEntry {
  const problem = nameProblem(name);
  if (problem !== undefined) throw damaged(file, problem);
  if (!isRecord(value)) throw damaged(file, `tensor ${shown(name)} is not described by an object`, name);
  const { dtype: type, shape, data_offsets: offsets } = value;
  if (!isElementType(type)) throw damaged(file, `tensor ${shown(name)} has an unknown type`, name);
  if (!isCounts(shape)) throw damaged(file, `tensor ${shown(name)} has no valid shape`, name);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw damaged(file, `tensor ${shown(name)} has no valid offsets`, name);
  }
  const [begin, end] = offsets as [number, number];
  if (tensorByteLength({ type, shape }) !== end - begin) {
    throw damaged(file, `tensor ${shown(name)} has ${end - begin} bytes, not what its type and shape take`, name);
  }
  return { name, type, shape, position: dataStart + begin, byteLength: end - begin };
}

function checkedMetadata(metadata: unknown, file: string): Record<string, string> {
  if (!isRecord(metadata)) throw damaged(file, 'its metadata is not an object');
  for (const value of Object.values(metadata)) {
    if (typeof value !== 'string') throw damaged(file, 'its metadata holds something other than text');
  }
  return metadata as Record<string, string>;
}

/** Names become parts of paths in other programs: those that would lead elsewhere are refused. */
export function nameProblem(name: string): string | undefined {
  if (name === '' || RESERVED_NAMES.has(name) || name.length > MAX_NAME_LENGTH) {
    return `a tensor has an empty, reserved or overlong name: ${shown(name)}`;
  }
  if ([...name].some((character) => character < ' ' || character === '\x7f' || character === '\\')) {
    return `the tensor name ${shown(name)} has a control character or backslash`;
  }
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return `the tensor name ${shown(name)} is no relative path without detours`;
  }
  return undefined;
}

/** A name as a quoted string of bounded length. */
function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function damaged(file: string, what: string, field?: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${file} is not a valid safetensors file: ${what}`, {
    file,
    ...(field !== undefined && { field }),
    hint: 'Use another copy of the file; this one is damaged or was not written completely.',
    cause,
  });
}
