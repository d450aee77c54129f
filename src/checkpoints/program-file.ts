import { byteLength, deserialiseProgram, type HostTensor, type Program, serialiseProgram } from '../graph/index.js';
import { ProgramError } from '../support/errors.js';
import { dtypeOf, ELEMENT_TYPE_OF } from './safetensors/element-types.js';
import { decodeHeader, encodeHeader, headerLength, LENGTH_BYTES } from './safetensors/header.js';

/** Where the header of a program's file has the document. */
const DOCUMENT_KEY = 'program';

/**
 * A program as the content of one safetensors file: constants are its tensors, the graph is JSON in its metadata
 * (docs/program-format.md).
 */
export function encodeProgramFile(program: Program): Uint8Array {
  const { document, constants } = serialiseProgram(program);
  const tensors = [...constants].map(([name, value]) => ({
    spec: { name, type: ELEMENT_TYPE_OF[value.dtype], shape: [...value.shape] },
    value,
  }));
  const header = encodeHeader(
    tensors.map(({ spec }) => spec),
    { [DOCUMENT_KEY]: JSON.stringify(document) },
  );
  const bytes = new Uint8Array(tensors.reduce((total, { value }) => total + value.bytes.byteLength, header.byteLength));
  bytes.set(header);
  let at = header.byteLength;
  for (const { value } of tensors) {
    bytes.set(value.bytes, at);
    at += value.bytes.byteLength;
  }
  return bytes;
}

/**
 * @param file named in errors
 * @throws CheckpointError if it is no safetensors file; ProgramError if it holds no program, or a corrupt one
 */
export function decodeProgramFile(bytes: Uint8Array, file: string): Program {
  const end = LENGTH_BYTES + headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.byteLength, file);
  const { entries, metadata } = decodeHeader(bytes.subarray(LENGTH_BYTES, end), bytes.byteLength, file);
  const text = metadata[DOCUMENT_KEY];
  if (text === undefined)
    throw new ProgramError(`${file} holds no program`, { file, hint: 'Give a file that was written as a program.' });
  const constants = new Map<string, HostTensor>();
  for (const { name, type, shape, position } of entries) {
    const dtype = dtypeOf(type);
    if (dtype === undefined)
      throw new ProgramError(`${file}: programs have no values of ${type}`, { file, field: name });
    constants.set(name, { dtype, shape, bytes: bytes.slice(position, position + byteLength(dtype, shape)) });
  }
  return deserialiseProgram(parsed(text, file), constants);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProgramError(`${file} holds no program: it is not JSON`, { file, cause });
  }
}
