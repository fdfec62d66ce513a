import { quantile } from 'd3-array';
import { interpolateBuPu, interpolateRdBu } from 'd3-scale-chromatic';

/** Bands of colour over an interval, shared by all panels of a row. */
export interface ColorScale {
  readonly low: number;
  readonly high: number;
  /** Rising band borders; a value at a border belongs to the band above it. */
  readonly thresholds: readonly number[];
  /** One colour more than thresholds, lowest band first. */
  readonly colors: readonly string[];
  /** Whether some value lies below `low` and the first colour stands for all of them. */
  readonly extendsLow: boolean;
  /** Whether some value lies above `high` and the last colour stands for all of them. */
  readonly extendsHigh: boolean;
}

/** The share of values that a robust limit must cover. */
const COVER = 0.98;
/** A robust limit this close to the true maximum is not worth clipping for. */
const NEARLY = 0.75;
/** Below this, bands would no longer be normal numbers. */
const SMALLEST = 1e-300;

/**
 * Diverging bands, symmetric about 0 and with a border at 0, so that the sign always shows. The limit is `fixed`,
 * or the 98th percentile of |value| over all fields (their maximum when that is at most a third above it), rounded
 * up to a whole number of bands.
 */
export function divergingScale(fields: readonly ArrayLike<number>[], fixed?: number): ColorScale {
  const { step, count } = bandsUpTo(robustMaximum(fields), 14, fixed);
  return bands(fields, step, -count, count, (t) => interpolateRdBu(1 - t), [0.04, 0.16, 0.84, 0.96]);
}

/** Sequential bands from 0, with the limit of `divergingScale`. */
export function sequentialScale(fields: readonly ArrayLike<number>[], fixed?: number): ColorScale {
  const { step, count } = bandsUpTo(robustMaximum(fields), 22, fixed);
  return bands(fields, step, 0, count, interpolateBuPu, [0, 0, 0.86, 1]);
}

/** The colour of a value: the same in every panel that shares the scale. */
export function colorOf(scale: ColorScale, value: number): string {
  let band = 0;
  while (band < scale.thresholds.length && value >= scale.thresholds[band]) band++;
  return scale.colors[band];
}

/** The 98th percentile of |value|, or the maximum when that hardly differs; 1 for fields that vanish. */
function robustMaximum(fields: readonly ArrayLike<number>[]): number {
  const sizes = Float64Array.from(fields.flatMap((field) => Array.from(field, Math.abs))).sort();
  const largest = sizes[sizes.length - 1];
  const robust = quantile(sizes, COVER) ?? 0;
  const limit = robust > 0 && robust < NEARLY * largest ? robust : largest;
  return limit > SMALLEST ? limit : 1;
}

/** About `most` bands of a round width that reach `maximum`, or exactly `most` up to a fixed limit. */
function bandsUpTo(
  maximum: number,
  most: number,
  fixed: number | undefined,
): { step: number; count: number } {
  if (fixed !== undefined) return { step: fixed / most, count: most };
  const power = 10 ** Math.floor(Math.log10(maximum / most));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s * most >= maximum * (1 - 1e-12))!;
  return { step, count: Math.ceil((maximum / step) * (1 - 1e-12)) };
}

/** Bands from `first * step` to `last * step`; `range` places under, lowest, highest and over in the palette. */
function bands(
  fields: readonly ArrayLike<number>[],
  step: number,
  first: number,
  last: number,
  palette: (t: number) => string,
  range: readonly [under: number, lowest: number, highest: number, over: number],
): ColorScale {
  const border = (k: number): number => Number((k * step).toPrecision(12));
  const [low, high] = [border(first), border(last)];
  const extendsLow = fields.some((field) => Array.prototype.some.call(field, (v: number) => v < low));
  const extendsHigh = fields.some((field) => Array.prototype.some.call(field, (v: number) => v > high));
  const thresholds: number[] = extendsLow ? [low] : [];
  for (let k = first + 1; k < last; k++) thresholds.push(border(k));
  if (extendsHigh) thresholds.push(high);
  const [under, lowest, highest, over] = range;
  const colors: string[] = extendsLow ? [hex(palette(under))] : [];
  for (let k = 0; k < last - first; k++) {
    colors.push(hex(palette(lowest + ((highest - lowest) * k) / Math.max(last - first - 1, 1))));
  }
  if (extendsHigh) colors.push(hex(palette(over)));
  return { low, high, thresholds, colors, extendsLow, extendsHigh };
}

/** `rgb(1, 2, 3)` as `#010203`; anything else as it is. */
function hex(color: string): string {
  const parts = color.match(/\d+/g);
  if (!color.startsWith('rgb') || parts === null) return color;
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, '0')).join('')}`;
}
