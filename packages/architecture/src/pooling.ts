import { checkChoice } from '@sntk/errors';
import { checkWindow, type Window, type WindowOptions } from './window.ts';

export type PoolingReduction = 'sum' | 'average';

/** Sums or averages each channel over a window. An average divides by the window's size, at the edges too. */
export interface PoolingLayer extends Window {
  readonly kind: 'pooling';
  readonly reduce: PoolingReduction;
}

/** Sums or averages each channel over all sites, and leaves no spatial axes. */
export interface GlobalPoolingLayer {
  readonly kind: 'globalPooling';
  readonly reduce: PoolingReduction;
}

/** Throws unless `reduce` is a reduction. Returns it. */
export function checkReduction(where: string, argument: string, reduce: PoolingReduction): PoolingReduction {
  return checkChoice(where, argument, reduce, ['sum', 'average'] as const);
}

/**
 * Sums or averages each channel over a window; strides are the window's sizes and the padding is `valid` unless told.
 * Padding with zeros counts in an average.
 *
 * @throws ArgumentError for another reduction, and sizes and strides that are not positive integers.
 * @example
 * ```ts
 * import { pooling } from '@sntk/architecture';
 *
 * console.log(pooling('average', [2, 2]).strides); // [2, 2]
 * ```
 */
export function pooling(
  reduce: PoolingReduction,
  window: readonly number[],
  options: WindowOptions = {},
): PoolingLayer {
  checkReduction('pooling', 'reduce', reduce);
  const { strides = window, padding = 'valid' } = options;
  return { kind: 'pooling', reduce, ...checkWindow('pooling', window, { strides, padding }) };
}

/**
 * Sums or averages each channel over all sites.
 *
 * @throws ArgumentError for another reduction.
 */
export function globalPooling(reduce: PoolingReduction): GlobalPoolingLayer {
  return { kind: 'globalPooling', reduce: checkReduction('globalPooling', 'reduce', reduce) };
}
