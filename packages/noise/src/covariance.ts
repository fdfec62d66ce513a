import { ArgumentError, NumericalError } from '@sntk/errors';
import { matmul, syrk, type Tensor, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { type LinearOperator, lowRank } from '@sntk/linalg/operators';

/** What fills an array with independent standard normals: an `Rng` of `@sntk/random`. */
export interface NormalSource {
  fillNormal(out: Float64Array): void;
}

/**
 * A covariance known by its products: `apply` and `toDense` are those of a `LinearOperator`, so solvers of
 * `@sntk/linalg/operators` take it as it is.
 */
export interface NoiseCovariance extends LinearOperator {
  /** A draw of the centred Gaussian with this covariance, `[size]`. */
  sample(rng: NormalSource): Float64Array;
  /** The variances, `[size]`. */
  diagonal(): Float64Array;
  /** The sum of the variances. */
  trace(): number;
}

/** A covariance kept as a factor with a column for each example, or fewer. */
export interface FactoredNoise extends NoiseCovariance {
  /** `F` `[size, r]` with `F Fᵀ` the covariance. A draw is `F ξ` with `ξ ~ N(0, I)`. */
  readonly factor: Tensor;
}

/** The most entries of an array made here: 8 GiB of float64. */
const MAX_ENTRIES = 2 ** 30;

/** @throws ArgumentError for a matrix of over 8 GiB, with the memory it needs. */
export function checkSize(where: string, rows: number, columns: number): void {
  if (rows * columns > MAX_ENTRIES) {
    throw new ArgumentError({
      where,
      argument: 'the result',
      wanted: 'at most 8 GiB',
      got: `[${rows}, ${columns}], which needs ${((rows * columns) / 2 ** 27).toFixed(1)} GiB`,
      fix: 'take fewer points or examples, or products alone: implicitGradientNoise',
    });
  }
}

/** Zeros for a matrix that passes `checkSize`. */
export function allocate(where: string, rows: number, columns: number): Float64Array {
  checkSize(where, rows, columns);
  return new Float64Array(rows * columns);
}

/**
 * The covariance `F Fᵀ` of a factor `[size, r]`, never formed until asked for.
 *
 * @throws NumericalError when a variance overflows.
 */
export function fromFactor(where: string, factor: Tensor): FactoredNoise {
  const columns = factor.shape[1];
  const { backend, dtype } = factor;
  checkVariances(where, factor);
  const ones = tensor(new Float64Array(columns).fill(1), { backend, dtype });
  const diagonal = (): Float64Array => variancesOf(factor);
  return {
    ...lowRank(factor, ones),
    factor,
    toDense: () => syrk(factor),
    sample(rng) {
      const xi = new Float64Array(columns);
      rng.fillNormal(xi);
      return toFloat64(matmul(factor, tensor(xi, { backend, dtype, shape: [columns, 1] })));
    },
    diagonal,
    trace: () => diagonal().reduce((sum, variance) => sum + variance, 0),
  };
}

/** The largest number of each dtype. */
const LARGEST = { float64: Number.MAX_VALUE, float32: 2 ** 128 * (1 - 2 ** -24) } as const;

/** The diagonal of `F Fᵀ`. */
function variancesOf(factor: Tensor): Float64Array {
  const [rows, columns] = factor.shape;
  const F = toArray(factor);
  const out = new Float64Array(rows);
  for (let row = 0, p = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++, p++) out[row] += F[p] * F[p];
  }
  return out;
}

/** @throws NumericalError unless `F Fᵀ` has a diagonal that its dtype can hold: no other entry is larger. */
function checkVariances(where: string, factor: Tensor): void {
  const { dtype } = factor;
  variancesOf(factor).forEach((variance, row) => {
    if (variance <= LARGEST[dtype]) return;
    throw new NumericalError({
      where,
      found: `the variance at position ${row} overflows ${dtype}`,
      fix: 'scale the kernel or the residuals',
      details: { row, variance },
    });
  });
}

/**
 * The covariance of the sum of independent noises: that of minibatches and that of labels, say.
 *
 * @throws ArgumentError for none, or for noises of two sizes, backends or dtypes.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { addNoises, functionNoise, labelNoise } from '@sntk/noise';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const minibatch = functionNoise(K, new Float64Array([1, -1]), { kind: 'exact', batch: 1 });
 * const labels = labelNoise(K, { variance: 0.1, batch: 1 });
 * console.log(minibatch.trace().toFixed(2), addNoises(minibatch, labels).trace().toFixed(2)); // 4.50 5.00
 * ```
 */
export function addNoises(...noises: readonly FactoredNoise[]): FactoredNoise {
  if (noises.length === 0) {
    throw new ArgumentError({ where: 'addNoises', argument: 'noises', wanted: 'one at least', got: noises });
  }
  const { size, backend, dtype } = noises[0];
  noises.forEach((noise, at) => {
    if (noise.size === size && noise.backend === backend && noise.dtype === dtype) return;
    throw new ArgumentError({
      where: 'addNoises',
      argument: `noises[${at}]`,
      wanted: describe(noises[0]),
      got: describe(noise),
    });
  });
  const columns = noises.reduce((sum, { factor }) => sum + factor.shape[1], 0);
  const F = allocate('addNoises', size, columns);
  let start = 0;
  for (const { factor } of noises) {
    const part = toArray(factor);
    const width = factor.shape[1];
    for (let row = 0; row < size; row++) {
      F.set(part.subarray(row * width, (row + 1) * width), row * columns + start);
    }
    start += width;
  }
  return fromFactor('addNoises', tensor(F, { backend, dtype, shape: [size, columns] }));
}

function describe({ size, backend, dtype }: FactoredNoise): string {
  return `of size ${size} on backend ${backend.name} (${dtype})`;
}
