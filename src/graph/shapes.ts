import { ProgramError } from '../support/errors.js';
import { type Shape, sameShape } from './tensor.js';

/** Shape arithmetic of the operations. All functions throw ProgramError when shapes do not fit. */

export function fail(message: string): never {
  throw new ProgramError(message);
}

export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** numpy's broadcasting: axes align from the right, and a missing axis or one of size one stretches. */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const sizeA = a[a.length - rank + axis] ?? 1;
    const sizeB = b[b.length - rank + axis] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) fail(`shapes ${show(a)} and ${show(b)} do not broadcast`);
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** The axes of `to` along which a tensor of shape `from` was stretched; leading new axes included. */
export function stretchedAxes(from: Shape, to: Shape): number[] {
  const added = to.length - from.length;
  return to.flatMap((size, axis) => (axis < added || (from[axis - added] === 1 && size !== 1) ? [axis] : []));
}

export function checkAxis(shape: Shape, axis: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) fail(`axis ${axis} of shape ${show(shape)}`);
}

/** `shape` with another size along one axis. */
export function withSize(shape: Shape, axis: number, size: number): number[] {
  checkAxis(shape, axis);
  return shape.map((old, index) => (index === axis ? size : old));
}

export function reduceShape(shape: Shape, axes: readonly number[]): number[] {
  for (const axis of axes) checkAxis(shape, axis);
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

export function concatShape(shapes: readonly Shape[], axis: number): number[] {
  const first = shapes[0] ?? fail('concat needs an operand');
  for (const shape of shapes)
    if (!sameShape(withSize(shape, axis, 0), withSize(first, axis, 0)))
      fail(`cannot concatenate ${shapes.map(show).join(' and ')} along axis ${axis}`);
  return withSize(
    first,
    axis,
    shapes.reduce((total, shape) => total + shape[axis]!, 0),
  );
}

export function matmulShape(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): number[] {
  if (a.length < 2 || b.length < 2) fail(`matmul needs matrices, got ${show(a)} and ${show(b)}`);
  const [rows, inner] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [innerB, columns] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  if (inner !== innerB)
    fail(`matmul of ${show(a)}${transposeA ? 'ᵀ' : ''} and ${show(b)}${transposeB ? 'ᵀ' : ''}: ${inner} ≠ ${innerB}`);
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), rows, columns];
}
