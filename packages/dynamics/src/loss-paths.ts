import { checkChoice } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import type { NoiseKind } from '@sntk/noise';
import { largestEigenvalue, rateAdvice } from './advice.ts';
import { checkEnsembleMemory, kernelEntries, residualsOf } from './checks.ts';
import { type EpochOptions, exampleNoise } from './epoch-noise.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { blockSlopes, type LossOptions, slopesOf } from './loss.ts';
import { centre, checkRun, diverged, firstNotFinite, kick, type SdeOptions } from './sde-run.ts';

/** An ensemble of SNTK paths under any loss. */
export interface LossPathsOptions extends SdeOptions, EpochOptions, LossOptions {
  /** `leading`, MATH (30), unless told; `exact` is MATH (29). */
  readonly noise?: NoiseKind;
}

/**
 * Sample paths of the SNTK under any loss, MATH (29) and (30): `dα = −(1/N) ℓ' dt + √(η c_b/N) ℓ' ∘ dW` with
 * `ℓ' = ∂ℓ/∂f` at `f = f_0 + K α`.
 *
 * Strang splitting with step `η`, the drift by Heun's rule: stable for `λ_max η ℓ''/N` up to 2. A step is three products
 * `[N, N] · [N, O P]`. For the squared loss `sntkPaths` has the exact drift. With `epochs` the noise is that of SGD's epochs, and a step
 * is SGD's own, one product: see `sntkPaths`.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", with `ℓ'` for the residual.
 *
 * @param K kernel on the training points, `[N, N]`
 * @param r0 `f_0(X) − y`, `[N]`, or `[N, O]`
 * @throws ArgumentError for a kernel that is not square, symmetric and finite, sizes that do not fit, `epochs` with what
 * contradicts it, and ensembles too large for memory.
 * @throws NumericalError when a path stops being finite, with the path and the step.
 * @example
 * ```ts
 * import { sntkLossPaths } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { createRng } from '@sntk/random';
 *
 * const K = tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() });
 * // The logistic loss of labels 1 and −1: −y/(1 + e^{yf}), and f = r + y.
 * const y = [1, -1];
 * const slope = (r: number, i: number) => -y[i] / (1 + Math.exp(y[i] * r + 1));
 * const options = { slope, learningRate: 0.1, steps: 20, batch: 1, paths: 3, rng: createRng(1) };
 * console.log(sntkLossPaths(K, new Float64Array([-1, 1]), options).residual.length); // 6
 * ```
 */
export function sntkLossPaths(K: Tensor, r0: Float64Array, options: LossPathsOptions): DualEnsemble {
  const where = 'sntkLossPaths';
  const { steps, paths, onProgress, signal } = options;
  const { samples: N, k } = kernelEntries(where, K);
  const slopes = slopesOf(where, N, r0, options);
  const { outputs } = slopes;
  const centred =
    checkChoice(where, 'options.noise', options.noise ?? 'leading', ['leading', 'exact']) === 'exact';
  const run = checkRun(where, N, options);
  const { rate, firstPath } = run;
  checkEnsembleMemory(where, { samples: N, outputs, paths, copies: 6 });
  const { draw, factor } = exampleNoise(where, N, options, run);
  const moved = residualsOf(K, r0, outputs);
  const alpha = new Float64Array(r0.length * paths);
  const early = new Float64Array(alpha.length);
  const late = new Float64Array(alpha.length);
  const guess = new Float64Array(alpha.length);
  const dW = new Float64Array(N * paths);
  const euler = options.epochs === true;

  const drift = (length: number): void => {
    const h = length / N;
    blockSlopes(slopes, moved.at(alpha), early, paths);
    for (let q = 0; q < alpha.length; q++) guess[q] = alpha[q] - h * early[q];
    blockSlopes(slopes, moved.at(guess), late, paths);
    for (let q = 0; q < alpha.length; q++) alpha[q] -= (h / 2) * (early[q] + late[q]);
  };

  const stride = Math.max(1, Math.ceil(steps / 100));
  try {
    if (!euler) drift(rate(0) / 2);
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      draw(step, dW);
      if (centred) centre(dW, paths);
      blockSlopes(slopes, moved.at(alpha), early, paths);
      kick(early, dW, { out: late, outputs, paths, intensity: rate(step) * Math.sqrt(factor(step) / N) });
      const h = euler ? rate(step) / N : 0;
      for (let q = 0; q < alpha.length; q++) alpha[q] += late[q] - h * early[q];
      if (!euler) drift(step + 1 < steps ? (rate(step) + rate(step + 1)) / 2 : rate(step) / 2);
      const bad = firstNotFinite(alpha);
      if (bad >= 0) {
        const fix = rateAdvice(options.learningRate, largestEigenvalue(k, N), N);
        throw diverged(where, { path: firstPath + (bad % paths), step, fix });
      }
      if ((step + 1) % stride === 0 || step + 1 === steps) onProgress?.({ done: step + 1, total: steps });
    }
    return { alpha, residual: moved.at(alpha), paths };
  } finally {
    moved.dispose();
  }
}
