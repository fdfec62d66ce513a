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

/** Throws unless a window is a list of one positive integer or more. */
export function checkSizes(where: string, argument: string, window: readonly number[]): void {
  if (!Array.isArray(window) || window.length === 0) {
    throw new ArgumentError({ where, argument, wanted: 'a size for each spatial axis', got: window });
  }
  for (const [axis, size] of window.entries()) checkInteger(where, `${argument}[${axis}]`, size, 1);
}

/** Throws unless sizes and strides are positive integers, one for each axis. Returns the window. `path` is where its fields stand. */
export function checkWindow(
  where: string,
  window: readonly number[],
  options: Required<WindowOptions>,
  path: { readonly window: string; readonly options: string } = { window: 'window', options: 'options' },
): Window {
  const { strides, padding } = options;
  checkSizes(where, path.window, window);
  if (!Array.isArray(strides) || strides.length !== window.length) {
    throw new ArgumentError({
      where,
      argument: `${path.options}.strides`,
      wanted: `one for each of the window's ${window.length} axes`,
      got: strides,
    });
  }
  for (const [axis, stride] of strides.entries())
    checkInteger(where, `${path.options}.strides[${axis}]`, stride, 1);
  checkChoice(where, `${path.options}.padding`, padding, ['valid', 'same', 'circular'] as const);
  return { window, strides, padding };
}
