import { checkFinite, checkInteger, checkLength, checkPositive, NumericalError } from '@sntk/errors';
import { matmul, prepare, type Tensor, tensor, toFloat64, transpose } from '@sntk/linalg';
import { batchFactor } from '@sntk/noise';
import { rateAdvice } from './advice.ts';
import { fromModePairs } from './dual-moments.ts';
import type { RunHooks } from './kernel-sgd.ts';
import { toModes } from './modes.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** Kernel SGD whose moments are wanted. */
export interface MomentOptions extends RunHooks {
  /** η, or a function of the step. */
  readonly learningRate: Schedule;
  readonly steps: number;
  /** `b`, or a function of the step. */
  readonly batch: Schedule;
  /** False unless told: minibatches hold different examples. */
  readonly replacement?: boolean;
}

/** First and second moment of the residual over minibatches. */
export interface ResidualMoments {
  /** `μ = E r`, `[N]`. */
  readonly mean: Float64Array;
  /** `S − μ μᵀ = Cov r`, `[N, N]` row-major. */
  readonly covariance: Float64Array;
}

/**
 * Mean and covariance of kernel SGD's residual after any number of steps with independent minibatches, without
 * sampling, MATH (33): `μ' = A μ`, `S' = A S A + η² c_b [K diag(S) K/N − K S K/N²]`, `A = I − ηK/N`.
 *
 * Works in the eigenbasis, where a step is two products of `[N, N]` matrices. The covariance `C = S − μμᵀ` is
 * propagated itself, so that small spreads are not lost in a large mean: `C' = A C A + η² c_b [K diag(S) K/N − K S K/N²]`.
 *
 * @throws ArgumentError when `r0` does not have one finite entry per training point.
 * @throws NumericalError when the moments overflow, with the step.
 * @example
 * ```ts
 * import { kernelSgdMoments, kernelSpectrum } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 *
 * const spectrum = kernelSpectrum(tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() }));
 * const r0 = new Float64Array([1, 1]);
 * const { mean, covariance } = kernelSgdMoments(spectrum, r0, { learningRate: 1, steps: 1, batch: 1 });
 * console.log(mean[0], covariance[0]); // 0.5 0.25
 * ```
 */
export function kernelSgdMoments(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: MomentOptions,
): ResidualMoments {
  const { learningRate, steps, onProgress, signal } = options;
  const { Q, values, samples: N } = spectrum;
  checkLength('kernelSgdMoments', 'r0', r0, N, 'one per training point');
  checkFinite('kernelSgdMoments', 'r0', r0);
  const rate = scheduleOf('kernelSgdMoments', 'options.learningRate', learningRate, checkPositive);
  const batch = scheduleOf('kernelSgdMoments', 'options.batch', options.batch, checkInteger);
  checkInteger('kernelSgdMoments', 'options.steps', steps);
  const factor = (step: number): number =>
    batchFactor({ samples: N, batch: batch(step), replacement: options.replacement ?? false });
  factor(0);
  const column = (entries: Float64Array): Tensor => tensor(entries, { backend: Q.backend, shape: [N, 1] });
  const square = (entries: Float64Array): Tensor => tensor(entries, { backend: Q.backend, shape: [N, N] });

  const q = toFloat64(Q);
  const left = prepare(Q);
  const rotated = prepare(transpose(Q));
  const mean = toModes(spectrum, r0, 1);
  let C: Float64Array = new Float64Array(N * N);
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      const eta = rate(step);
      const gain = eta * eta * factor(step);
      const decay = values.map((value) => 1 - (eta * value) / N);
      // diag(S) in the basis of examples: rows of Q C Qᵀ against rows of Q, and the squared mean.
      const QC = toFloat64(left.times(square(C)));
      const r = toFloat64(left.times(column(mean)));
      const scaled = new Float64Array(N * N);
      for (let m = 0; m < N; m++) {
        let variance = 0;
        for (let j = 0; j < N; j++) variance += QC[m * N + j] * q[m * N + j];
        const second = variance + r[m] * r[m];
        for (let j = 0; j < N; j++) scaled[m * N + j] = second * q[m * N + j];
      }
      const noise = toFloat64(rotated.times(square(scaled)));
      const next = new Float64Array(N * N);
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < N; j++) {
          const at = i * N + j;
          const S = C[at] + mean[i] * mean[j];
          const product = values[i] * values[j];
          next[at] = decay[i] * decay[j] * C[at] + gain * product * (noise[at] / N - S / (N * N));
        }
      }
      C = next;
      for (let i = 0; i < N; i++) mean[i] *= decay[i];
      if (!mean.every((value, j) => Number.isFinite(value + C[j * (N + 1)])))
        throw divergence(step, rateAdvice(learningRate, values[N - 1], N));
      onProgress?.({ done: step + 1, total: steps });
    }
  } finally {
    left.dispose();
    rotated.dispose();
  }
  return { mean: toFloat64(matmul(Q, column(mean))), covariance: fromModePairs(spectrum, C) };
}

function divergence(step: number, fix: string): NumericalError {
  return new NumericalError({
    where: 'kernelSgdMoments',
    found: `the moments overflow at step ${step}`,
    fix,
    details: { step },
  });
}
