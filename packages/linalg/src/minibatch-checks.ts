import { ArgumentError, checkInteger, checkLength } from '@sntk/errors';
import type { MinibatchPathsRequest, MinibatchSteps } from './fused.ts';

/** Throws for a request that does not fit together. */
export function checkMinibatchPaths(request: MinibatchPathsRequest): void {
  const where = 'minibatchPaths';
  const { size, outputs, paths, matrix, values, start } = request;
  checkInteger(where, 'size', size, 1);
  checkInteger(where, 'outputs', outputs, 1);
  checkInteger(where, 'paths', paths, 1);
  checkLength(where, 'matrix', matrix, size * size, 'size × size');
  checkLength(where, 'values', values, size, 'size');
  checkLength(where, 'start', start, size * outputs, 'size × outputs');
}

/** Throws for steps that do not fit the paths of a request, and for examples that its matrix has no row for. */
export function checkMinibatchSteps(
  request: Pick<MinibatchPathsRequest, 'size' | 'outputs' | 'paths'>,
  steps: MinibatchSteps,
): void {
  const where = 'MinibatchPaths.advance';
  const { size, outputs, paths } = request;
  const { batch, kept, pulled, examples, noise } = steps;
  const kicks = paths * checkInteger(where, 'steps', steps.steps, 1) * checkInteger(where, 'batch', batch, 1);
  checkLength(where, 'kept', kept, size, 'size');
  checkLength(where, 'pulled', pulled, size * outputs, 'size × outputs');
  checkLength(where, 'examples', examples, kicks, 'paths × steps × batch');
  checkLength(where, 'noise', noise, kicks, 'paths × steps × batch');
  for (let k = 0; k < kicks; k++) {
    // As a number without a sign, a negative one is far too large.
    if (examples[k] >>> 0 < size) continue;
    throw new ArgumentError({
      where,
      argument: `examples[${k}]`,
      wanted: `a row of the matrix, 0 to ${size - 1}`,
      got: examples[k],
    });
  }
}
