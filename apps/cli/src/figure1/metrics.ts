import type { PathValues } from './tasks.ts';

/** Mean and standard deviation over paths at each point. */
export interface Field {
  readonly mean: Float64Array;
  /** Absent for a single, deterministic function. */
  readonly deviation?: Float64Array;
}

/** What a method says of the function at the three sets of points. */
export interface Law {
  readonly train: Field;
  readonly grid: Field;
  readonly test: Field;
  /** Runs or paths that the fields come from; null for fields without sampling. */
  readonly paths: number | null;
  /** The runs or paths themselves. */
  readonly values?: PathValues;
}

/** The law of an ensemble. */
export function lawOf(values: PathValues): Law {
  const { train, grid, test, paths } = values;
  const field = (entries: Float64Array): Field => fieldOf(entries, paths);
  return { train: field(train), grid: field(grid), test: field(test), paths, values };
}

/** Statistics over paths of values row-major `[points, paths]`; the variance is unbiased. */
export function fieldOf(values: Float64Array, paths: number): Field {
  const points = values.length / paths;
  const mean = new Float64Array(points);
  const deviation = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    for (let p = 0; p < paths; p++) mean[i] += values[i * paths + p] / paths;
    let sum = 0;
    for (let p = 0; p < paths; p++) sum += (values[i * paths + p] - mean[i]) ** 2;
    deviation[i] = Math.sqrt(sum / Math.max(1, paths - 1));
  }
  return paths > 1 ? { mean, deviation } : { mean };
}

/** The first `count` paths of `[points, paths]`. */
export function firstPaths(values: Float64Array, paths: number, count: number): Float64Array {
  const points = values.length / paths;
  const out = new Float64Array(points * count);
  for (let i = 0; i < points; i++) for (let p = 0; p < count; p++) out[i * count + p] = values[i * paths + p];
  return out;
}

/** Puts blocks of paths side by side, in order. */
export function joinPaths(blocks: readonly PathValues[]): PathValues {
  const paths = blocks.reduce((sum, block) => sum + block.paths, 0);
  const join = (pick: (block: PathValues) => Float64Array): Float64Array => {
    const points = pick(blocks[0]).length / blocks[0].paths;
    const out = new Float64Array(points * paths);
    let first = 0;
    for (const block of blocks) {
      const values = pick(block);
      for (let i = 0; i < points; i++) {
        for (let p = 0; p < block.paths; p++) out[i * paths + first + p] = values[i * block.paths + p];
      }
      first += block.paths;
    }
    return out;
  };
  return { paths, train: join((b) => b.train), grid: join((b) => b.grid), test: join((b) => b.test) };
}

export function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum / values.length);
}

export function rmse(a: Float64Array, b: Float64Array): number {
  return rootMeanSquare(a.map((value, i) => value - b[i]));
}

/** Share of values `[points, paths]` within some deviations of the mean. */
export function shareWithin({ mean, deviation }: Field, values: Float64Array, deviations: number): number {
  const paths = values.length / mean.length;
  const band = deviation ?? new Float64Array(mean.length);
  let within = 0;
  for (let q = 0; q < values.length; q++) {
    const i = Math.floor(q / paths);
    if (Math.abs(values[q] - mean[i]) <= deviations * band[i]) within++;
  }
  return within / values.length;
}

/** Share of points where two functions have the same sign. */
export function signAgreement(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let same = 0;
  for (let i = 0; i < a.length; i++) if (a[i] > 0 === b[i] > 0) same++;
  return same / a.length;
}
