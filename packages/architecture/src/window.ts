import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';

/**
 * What a window sees beyond the edge.
 *
 * - `valid`: nothing; windows stay inside, and the output is smaller by a window less one.
 * - `same`: zeros, as many before as after or one more after, so that stride 1 keeps the size.
 * - `circular`: the other side, with the sizes of `same`.
 */
export type Padding = 'valid' | 'same' | 'circular';

/** A window that slides over the spatial axes of an image, or of a sequence. */
export interface Window {
  /** Its size along each spatial axis. */
  readonly window: readonly number[];
  /** How far it moves along each spatial axis. */
  readonly strides: readonly number[];
  readonly padding: Padding;
}

export interface WindowOptions {
  /** How far the window moves along each spatial axis. */
  readonly strides?: readonly number[];
  readonly padding?: Padding;
}

/** Throws unless sizes and strides are positive integers, one for each axis. Returns the window. */
export function checkWindow(
  where: string,
  window: readonly number[],
  options: Required<WindowOptions>,
): Window {
  const { strides, padding } = options;
  if (window.length === 0) {
    throw new ArgumentError({
      where,
      argument: 'window',
      wanted: 'a size for each spatial axis',
      got: 'none',
    });
  }
  for (const [axis, size] of window.entries()) checkInteger(where, `window[${axis}]`, size, 1);
  if (strides.length !== window.length) {
    throw new ArgumentError({
      where,
      argument: 'options.strides',
      wanted: `one for each of the window's ${window.length} axes`,
      got: [...strides],
    });
  }
  for (const [axis, stride] of strides.entries()) checkInteger(where, `options.strides[${axis}]`, stride, 1);
  checkChoice(where, 'options.padding', padding, ['valid', 'same', 'circular'] as const);
  return { window, strides, padding };
}
