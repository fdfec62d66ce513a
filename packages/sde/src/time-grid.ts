import { ArgumentError, checkFinite, checkInteger, checkPositive } from '@sntk/errors';

/** Equal steps from t0 to t1. */
export interface TimeGrid {
  readonly t0: number;
  readonly steps: number;
  readonly h: number;
}

/** Where and how finely to integrate, and what to keep. */
export interface GridOptions {
  /** Start, 0 unless told. */
  readonly t0?: number;
  /** End, above t0. */
  readonly t1: number;
  /** Number of equal steps; give this or `step`. */
  readonly steps?: number;
  /** Length of a step; the interval must be a whole number of them. */
  readonly step?: number;
}

/** Relative rounding allowed when a time is matched to the grid, */
const ROUNDING = 1e-9;
/** never more than this part of a step beyond the spacing of floating-point numbers. */
const NEAR = 1e-6;

/** Throws unless both ends of the interval are finite and the end is after the start, which is 0 unless told. */
export function checkInterval(where: string, { t0 = 0, t1 }: Pick<GridOptions, 't0' | 't1'>): void {
  checkFinite(where, 'options.t0', [t0]);
  checkFinite(where, 'options.t1', [t1]);
  if (t1 <= t0) {
    throw new ArgumentError({ where, argument: 'options.t1', wanted: `above t0 = ${t0}`, got: t1 });
  }
}

/** The grid the options describe; refused when the interval is no whole number of steps. */
export function timeGrid(where: string, options: GridOptions): TimeGrid {
  const { t0 = 0, t1, steps, step } = options;
  checkInterval(where, options);
  if ((steps === undefined) === (step === undefined)) {
    throw new ArgumentError({
      where,
      argument: 'options.steps',
      wanted: 'given, or options.step, not both',
      got: steps,
    });
  }
  if (steps !== undefined) {
    checkInteger(where, 'options.steps', steps, 1);
    return { t0, steps, h: (t1 - t0) / steps };
  }
  checkPositive(where, 'options.step', step);
  const count = Math.round((t1 - t0) / step!);
  if (count < 1 || Math.abs(count * step! - (t1 - t0)) > ROUNDING * (t1 - t0)) {
    throw new ArgumentError({
      where,
      argument: 'options.step',
      wanted: `a whole fraction of t1 − t0 = ${t1 - t0}`,
      got: step,
      fix: `pass { steps: ${Math.max(1, Math.ceil((t1 - t0) / step!))} }`,
    });
  }
  return { t0, steps: count, h: (t1 - t0) / count };
}

/** The time after `step` steps. */
export function timeAt(grid: TimeGrid, step: number): number {
  return grid.t0 + step * grid.h;
}

/** A time to keep: the part, from 0 to below 1, of step number `step` that lies before it. */
export interface SavedTime {
  readonly time: number;
  readonly step: number;
  readonly part: number;
}

/**
 * Where a time lies in the grid; one within rounding of a grid time is on it. Refused outside of the interval, and off the
 * grid unless values `between` steps are known.
 */
export function placeOf(
  where: string,
  argument: string,
  time: number,
  grid: TimeGrid,
  between: boolean,
): SavedTime {
  const end = timeAt(grid, grid.steps);
  const nearest = Math.round((time - grid.t0) / grid.h);
  const off = time - timeAt(grid, nearest);
  const rounding = Math.min(ROUNDING * Math.max(grid.h, Math.abs(time)), NEAR * grid.h);
  const onGrid = Math.abs(off) <= rounding + 4 * Number.EPSILON * Math.abs(time);
  if (onGrid && nearest >= 0 && nearest <= grid.steps) {
    return { time: timeAt(grid, nearest), step: nearest, part: 0 };
  }
  if (!(time > grid.t0 && time < end)) {
    throw new ArgumentError({ where, argument, wanted: `a time from ${grid.t0} to ${end}`, got: time });
  }
  if (!between) {
    throw new ArgumentError({
      where,
      argument,
      wanted: `a time of the grid ${grid.t0} + k·${grid.h}, as increments of your own say nothing in between`,
      got: time,
      fix: 'pass rng in place of increments, or choose the steps so that every saved time is on the grid',
    });
  }
  const step = off > 0 ? nearest : nearest - 1;
  return { time, step, part: (time - timeAt(grid, step)) / grid.h };
}

/** The times to keep, ascending. */
export function savedTimes(
  where: string,
  grid: TimeGrid,
  saveAt: readonly number[] | 'all' | undefined,
  between: boolean,
): SavedTime[] {
  if (saveAt === undefined) return [];
  if (saveAt === 'all') {
    return Array.from({ length: grid.steps + 1 }, (_, step) => ({ time: timeAt(grid, step), step, part: 0 }));
  }
  return saveAt.map((time, i) => {
    const argument = `options.saveAt[${i}]`;
    if (i > 0 && !(time > saveAt[i - 1])) {
      throw new ArgumentError({
        where,
        argument,
        wanted: `above the one before, ${saveAt[i - 1]}`,
        got: time,
      });
    }
    return placeOf(where, argument, time, grid, between);
  });
}
