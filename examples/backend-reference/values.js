/**
 * Tensors of the interpreter, whose numbers are doubles whatever their type, and of the host, which are bytes.
 *
 * @typedef {import('proxy-compression/plugin').HostTensor} HostTensor
 * @typedef {import('proxy-compression/plugin').DType} DType
 * @typedef {{ dtype: DType, shape: readonly number[], data: Float64Array }} Values
 */

const VIEWS = { f32: Float32Array, i32: Int32Array, bool: Uint8Array };

/** @param {DType} dtype */
const viewOf = (dtype) => (dtype in VIEWS ? VIEWS[/** @type {keyof typeof VIEWS} */ (dtype)] : null);

/**
 * @param {HostTensor} tensor
 * @param {(dtype: DType) => never} refuse
 * @returns {Values}
 */
export function fromHost({ dtype, shape, bytes }, refuse) {
  const View = viewOf(dtype) ?? refuse(dtype);
  const own = bytes.slice();
  const numbers = new View(own.buffer, 0, own.byteLength / View.BYTES_PER_ELEMENT);
  return { dtype, shape, data: Float64Array.from(numbers) };
}

/**
 * @param {Values} values
 * @param {(dtype: DType) => never} refuse
 * @returns {HostTensor}
 */
export function toHost({ dtype, shape, data }, refuse) {
  const View = viewOf(dtype) ?? refuse(dtype);
  return { dtype, shape: [...shape], bytes: new Uint8Array(View.from(data).buffer) };
}
