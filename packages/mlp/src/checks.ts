import { ArgumentError, checkFinite, checkLength } from '@sntk/errors';
import { type FloatArray, showShape, type Tensor, toArray } from '@sntk/linalg';
import type { Pass } from './pass.ts';

/** Throws unless `direction` has one finite entry per parameter. */
export function checkDirection(where: string, argument: string, direction: FloatArray, size: number): void {
  checkLength(where, argument, direction, size, 'one per parameter of the architecture');
  checkFinite(where, argument, direction);
}

/** Throws unless `a` has the shape of the outputs of a pass and is finite. */
export function checkOutputs(where: string, argument: string, a: Tensor, pass: Pass): void {
  checkMatrix(where, argument, a, pass.output.value.shape);
  checkFinite(where, argument, toArray(a));
}

/** Throws unless `a` is of the shape `wanted`, `[rows, columns]`. */
export function checkMatrix(where: string, argument: string, a: Tensor, wanted: readonly number[]): void {
  if (a.shape.length !== 2 || a.shape[0] !== wanted[0] || a.shape[1] !== wanted[1]) {
    throw new ArgumentError({ where, argument, wanted: `of shape ${showShape(wanted)}`, got: [...a.shape] });
  }
}
