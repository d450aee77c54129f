import type { DType } from '../../graph/tensor.js';

/** Element types of safetensors files, by the names that their headers use; values in bytes per element. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** How tensors of programs are stored; the other element types only come from files of others. */
export const ELEMENT_TYPE_OF: Readonly<Record<DType, ElementType>> = {
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  bool: 'BOOL',
};

const DTYPE_OF = new Map(Object.entries(ELEMENT_TYPE_OF).map(([dtype, type]) => [type, dtype as DType]));

/** The program type that is stored as `type`, or undefined if programs have none such. */
export function dtypeOf(type: ElementType): DType | undefined {
  return DTYPE_OF.get(type);
}

export function isElementType(name: unknown): name is ElementType {
  return typeof name === 'string' && Object.hasOwn(ELEMENT_BYTES, name);
}
