import { type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import { checkSemidefinite, tridiagonalizeAs } from '@sntk/linalg/extending';
import { checkResidual } from './checks.ts';
import { dualStates } from './dual-states.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { tridiagonalFlow } from './rational-exponential.ts';
import { tridiagonalExtremes } from './tridiagonal-extremes.ts';

/** Times in units of the fastest mode's for which a rational exponential is trusted. */
const LONGEST = 2 ** 40;

/** `N²` over the times from which on eigenvectors take longer: half of the work of `N³`, against `N` a time, on fast backends. */
const WORTH = 1000;

/** Eigenvalues below zero by up to this share of the largest, for each row, are rounding of the reduction. */
const ROUNDING = 4 * Number.EPSILON;

interface FlowOptions {
  readonly times: readonly number[];
  readonly outputs: number;
}

/**
 * Gradient flow on a kernel, MATH (13), by its tridiagonal form where that is right and faster; `undefined` where
 * eigenvectors are the better way.
 */
export function kernelFlow(
  where: string,
  K: Tensor,
  r0: Float64Array,
  options: FlowOptions,
): DualEnsemble | undefined {
  if (K.shape[0] ** 2 < WORTH * options.times.length * options.outputs) return undefined;
  return tridiagonalKernelFlow(where, K, r0, options);
}

/**
 * Gradient flow on a kernel without its eigenvectors: `K = V T Vᵀ` with `T` tridiagonal, and the exponential of `T` on
 * `Vᵀ r_0` by shifted solves. `undefined` where only eigenvectors will do: for times so long that the rounding of `K` decides,
 * and where `K` has eigenvalues below zero by more than the reduction's own rounding, which are to be cut.
 */
export function tridiagonalKernelFlow(
  where: string,
  K: Tensor,
  r0: Float64Array,
  options: FlowOptions,
): DualEnsemble | undefined {
  const { times, outputs } = options;
  const { diagonal, offDiagonal, apply } = tridiagonalizeAs(where, 'K', K);
  const N = diagonal.length;
  checkResidual(where, r0, N, outputs);
  const { smallest, largest } = tridiagonalExtremes({ diagonal, offDiagonal });
  checkSemidefinite(where, { samples: N, smallest, largest }, K.dtype);
  if (smallest < -N * ROUNDING * largest) return undefined;
  const last = times.reduce((a, b) => Math.max(a, b));
  if (!((last / N) * largest <= LONGEST)) return undefined;

  // Rounding below zero is moved up: elimination without pivoting asks for it.
  const lift = Math.max(0, -smallest);
  const T = { diagonal: diagonal.map((entry) => entry + lift), offDiagonal };
  const block = (entries: Float64Array): Tensor =>
    tensor(entries, { backend: K.backend, shape: [N, entries.length / Math.max(1, N)] });
  // In units of its size, so that nothing overflows before the end.
  const size = r0.reduce((most, r) => Math.max(most, Math.abs(r)), 0);
  const unit = 2 ** Math.min(1023, Math.floor(Math.log2(size || 1)));
  const c = toFloat64(apply(block(r0.map((r) => r / unit)), { transpose: true }));
  const half = outputs * times.length;
  const states = new Float64Array(2 * half * N);
  times.forEach((time, t) => {
    const { kept, averaged } = tridiagonalFlow(T, c, time / N);
    for (let i = 0; i < N; i++) {
      for (let o = 0; o < outputs; o++) {
        const column = 2 * half * i + o * times.length + t;
        states[column] = kept[i * outputs + o];
        states[column + half] = averaged[i * outputs + o];
      }
    }
  });
  const both = toFloat64(apply(block(states)));
  // α = −(t/N) φ₁(−K t/N) r_0
  const alphaUnits = Float64Array.from(times, (time) => -unit * (time / N));
  return dualStates(where, { both, samples: N, residualUnit: unit, alphaUnits, largest });
}
