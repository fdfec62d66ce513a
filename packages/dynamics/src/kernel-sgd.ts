import {
  ArgumentError,
  checkFinite,
  checkInteger,
  checkLength,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import { type Tensor, toFloat64 } from '@sntk/linalg';
import type { Minibatches } from '@sntk/random';

/** An ensemble of dual states: `alpha` and `residual` row-major `[N, P]`, one column a path. */
export interface DualEnsemble {
  readonly alpha: Float64Array;
  readonly residual: Float64Array;
  readonly paths: number;
}

/** What the long computations of this package tell while they run. */
export interface RunHooks {
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/** One run for each source of minibatches, all from the same start. */
export interface KernelSgdOptions extends RunHooks {
  /** η. */
  readonly learningRate: number;
  readonly steps: number;
  /** One source of minibatches for each path; see `minibatches` of `@sntk/random`. */
  readonly batches: readonly Minibatches[];
  /** The loss; squared unless told. */
  readonly slope?: LossSlope;
}

/** `ℓ'(f_i, y_i)` as a function of `r_i = f_i − y_i` and the number `i` of the example. For the squared loss it is `r_i`. */
export type LossSlope = (residual: number, example: number) => number;

/**
 * Minibatch SGD of the linearized network, step for step, in dual coordinates, MATH (28):
 * `α_i ← α_i − (η/b) ℓ'_i` for the examples `i` of the minibatch, with `r = r_0 + K α`; `ℓ'_i = r_i` for the squared loss.
 *
 * Given the minibatches of a real SGD run it is that run with the kernel held fixed. A step costs `b` rows of `K`.
 *
 * @param K kernel on the training points, `[N, N]`
 * @param r0 `f_0(X) − y`, `[N]`
 * @throws NumericalError when a path stops being finite, with the path.
 * @example
 * ```ts
 * import { kernelSgd } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { createRng, minibatches } from '@sntk/random';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * const batches = [minibatches({ samples: 2, batch: 2, sampler: 'epoch', rng: createRng(1) })];
 * const { residual } = kernelSgd(K, new Float64Array([1, 1]), { learningRate: 0.5, steps: 1, batches });
 * console.log(residual); // Float64Array [0.25, 0.25]
 * ```
 */
export function kernelSgd(K: Tensor, r0: Float64Array, options: KernelSgdOptions): DualEnsemble {
  const { learningRate, steps, batches, slope, onProgress, signal } = options;
  const N = K.shape[0];
  if (K.shape.length !== 2 || K.shape[1] !== N) {
    throw new ArgumentError({
      where: 'kernelSgd',
      argument: 'K',
      wanted: 'a square matrix',
      got: [...K.shape],
    });
  }
  checkLength('kernelSgd', 'r0', r0, N, 'one per training point');
  checkFinite('kernelSgd', 'r0', r0);
  checkPositive('kernelSgd', 'options.learningRate', learningRate);
  checkInteger('kernelSgd', 'options.steps', steps);

  const k = toFloat64(K);
  checkFinite('kernelSgd', 'K', k);
  const P = batches.length;
  const alpha = new Float64Array(N * P);
  const residual = new Float64Array(N * P);
  for (let p = 0; p < P; p++) {
    signal?.throwIfAborted();
    const a = new Float64Array(N);
    const r = r0.slice();
    for (let step = 0; step < steps; step++)
      descend(k, r, a, { batch: batches[p].at(step), learningRate, slope });
    const worst = r.findIndex((value) => !Number.isFinite(value));
    if (worst >= 0) throw divergence(p, learningRate);
    for (let i = 0; i < N; i++) {
      alpha[i * P + p] = a[i];
      residual[i * P + p] = r[i];
    }
    onProgress?.({ done: p + 1, total: P });
  }
  return { alpha, residual, paths: P };
}

/** One step: all coefficients come from the residual before it, then their rows of `K` are subtracted. */
function descend(
  k: Float64Array,
  r: Float64Array,
  a: Float64Array,
  at: { batch: Int32Array; learningRate: number; slope: LossSlope | undefined },
): void {
  const { batch, learningRate, slope } = at;
  const N = r.length;
  const b = batch.length;
  const change = new Float64Array(b);
  for (let m = 0; m < b; m++) {
    const i = batch[m];
    if (!(i < N)) throw strangeExample(i, N);
    change[m] = (learningRate / b) * (slope ? slope(r[i], i) : r[i]);
  }
  for (let m = 0; m < b; m++) a[batch[m]] -= change[m];
  let m = 0;
  for (; m + 4 <= b; m += 4) {
    const [c0, c1, c2, c3] = [change[m], change[m + 1], change[m + 2], change[m + 3]];
    const k0 = batch[m] * N;
    const k1 = batch[m + 1] * N;
    const k2 = batch[m + 2] * N;
    const k3 = batch[m + 3] * N;
    for (let j = 0; j < N; j++) r[j] -= c0 * k[k0 + j] + c1 * k[k1 + j] + c2 * k[k2 + j] + c3 * k[k3 + j];
  }
  for (; m < b; m++) {
    const row = batch[m] * N;
    for (let j = 0; j < N; j++) r[j] -= change[m] * k[row + j];
  }
}

function strangeExample(example: number, samples: number): ArgumentError {
  return new ArgumentError({
    where: 'kernelSgd',
    argument: 'options.batches',
    wanted: `minibatches of ${samples} examples, one per row of K`,
    got: `example ${example}`,
  });
}

function divergence(path: number, learningRate: number): NumericalError {
  return new NumericalError({
    where: 'kernelSgd',
    found: `path ${path} diverged`,
    fix: `lower the learning rate, ${learningRate}; see learningRateLimits`,
    details: { path, learningRate },
  });
}
