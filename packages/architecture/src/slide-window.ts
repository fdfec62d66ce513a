import { ArgumentError } from '@sntk/errors';
import type { Window } from './window.ts';

/** Which sites of its input each site of a layer's output sees. */
export interface Taps {
  /** Sites of the input. */
  readonly inputs: number;
  /** Sites of the output. */
  readonly outputs: number;
  /** Sites of the window. */
  readonly size: number;
  /** `[outputs, size]`: the site of the input at each place of the window; −1 in padding of zeros. */
  readonly sites: Int32Array;
}

/**
 * The taps of a window over spatial axes, and the sizes of the axes that it leaves: what convolutions and pooling of finite
 * networks and of kernels have in common. Sites and the places of a window are in row-major order.
 *
 * @throws ArgumentError, in the name of `place`, for a window over another number of axes and one larger than what it stays inside.
 * @example
 * ```ts
 * import { pooling } from '@sntk/architecture';
 * import { slideWindow } from '@sntk/architecture/extending';
 *
 * const { taps, spatial } = slideWindow(pooling('sum', [2]), [4], { where: 'example', path: 'layers[0]' });
 * console.log(spatial, taps.sites); // [2] [0, 1, 2, 3]
 * ```
 */
export function slideWindow(
  layer: Window,
  spatial: readonly number[],
  place: { readonly where: string; readonly path: string },
): { readonly taps: Taps; readonly spatial: readonly number[] } {
  const { window, strides, padding } = layer;
  const { where, path } = place;
  if (spatial.length !== window.length) {
    const wanted = `a layer for units on ${axes(spatial.length)}`;
    const fix = spatial.length === 0 ? 'give network() the sizes of an image, channels last' : undefined;
    throw new ArgumentError({
      where,
      argument: path,
      wanted,
      got: `a window over ${axes(window.length)}`,
      ...(fix ? { fix } : {}),
    });
  }
  if (padding === 'valid' && window.some((size, axis) => size > spatial[axis])) {
    throw new ArgumentError({
      where,
      argument: path,
      wanted: `a window no larger than the ${spatial.join(' × ')} sites before it`,
      got: window.join(' × '),
      fix: "take padding 'same' or 'circular'",
    });
  }
  const sizes = spatial.map((n, axis) =>
    padding === 'valid' ? Math.floor((n - window[axis]) / strides[axis]) + 1 : Math.ceil(n / strides[axis]),
  );
  const [size, outputs] = [siteCount(window), siteCount(sizes)];
  const sites = new Int32Array(size * outputs);
  // Axis by axis, as digits of the place in the window and of the site.
  spatial.forEach((n, axis) => {
    const excess = (sizes[axis] - 1) * strides[axis] + window[axis] - n;
    const before = padding === 'valid' ? 0 : Math.max(0, excess) >> 1;
    const [innerSize, innerOutputs] = [siteCount(window.slice(axis + 1)), siteCount(sizes.slice(axis + 1))];
    for (let a = 0; a < outputs; a++) {
      const first = (Math.floor(a / innerOutputs) % sizes[axis]) * strides[axis] - before;
      for (let k = 0; k < size; k++) {
        const at = a * size + k;
        let site = first + (Math.floor(k / innerSize) % window[axis]);
        if (padding === 'circular') site = ((site % n) + n) % n;
        sites[at] = sites[at] < 0 || site < 0 || site >= n ? -1 : sites[at] * n + site;
      }
    }
  });
  return { taps: { inputs: siteCount(spatial), outputs, size, sites }, spatial: sizes };
}

/** One window over all sites. */
export function everySite(spatial: readonly number[]): Taps {
  const inputs = siteCount(spatial);
  return { inputs, outputs: 1, size: inputs, sites: Int32Array.from({ length: inputs }, (_, k) => k) };
}

/** The number of sites of axes of these sizes; 1 without axes. */
function siteCount(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

function axes(count: number): string {
  return count === 0 ? 'no spatial axes' : `${count} spatial ${count === 1 ? 'axis' : 'axes'}`;
}
