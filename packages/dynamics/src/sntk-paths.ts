import { ArgumentError, checkChoice } from '@sntk/errors';
import { prepare, transpose } from '@sntk/linalg';
import { rateAdvice } from './advice.ts';
import { checkEnsembleMemory } from './checks.ts';
import { type EpochOptions, type ExampleNoise, exampleNoise } from './epoch-noise.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { slopesOf } from './loss.ts';
import { flowCache, fromModes, stepModes, toModes } from './modes.ts';
import {
  centre,
  checkRun,
  diverged,
  driftBefore,
  firstNotFinite,
  kick,
  type SdeOptions,
  type SdeRun,
} from './sde-run.ts';
import { sparsePaths } from './sparse-paths.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** An ensemble of SNTK paths. */
export interface SntkOptions extends SdeOptions, EpochOptions {
  /** `leading`, MATH (30), unless told; `exact` is MATH (29); `sparse`, MATH (30b), has the covariance of `leading` on average. */
  readonly noise?: 'leading' | 'exact' | 'sparse';
  /** `O`, 1 unless told: `r0` is `[N, O]`, ensembles are `[N, O, P]`, and the outputs of an example share its noise. */
  readonly outputs?: number;
}

/**
 * Sample paths of the calibrated SNTK, MATH (30), or of the SDE with SGD's exact noise covariance, MATH (29), in dual
 * coordinates: `dα = −(1/N) r dt + √(η c_b/N) r ∘ dW`, `r = r_0 + Kα`.
 *
 * Strang splitting with step `η`: the drift is exact, and the variance of stiff modes is right to second order in
 * `ηλ/N`. In the eigenbasis of `K` a step is two products `[N, N] · [N, P]`, and for `sparse` noise,
 * `dα_i = −(1/N) r_i dt + √(η c_b/b) 1[i ∈ B_t] r_i dW_i`, `b` rows of `Q` for each path.
 *
 * The SDE is SGD's limit for small `η`: at `ηλ_max/N = 0.2` the stiffest mode of SGD has a 5 % larger spread.
 *
 * With `epochs` the Brownian motions are bridges over each epoch of SGD, and the steps are SGD's own,
 * `α ← α − (η/N) r − (η/b) x ∘ r` with `x` normal: any two steps have the covariance that minibatches of an epoch have. Training
 * code's epochs need this, since they take back the noise of slow modes, which adds up over independent steps.
 * That `x` is normal, where indicators are not, costs up to a fifth of the variance under narrow kernels where `η K_ii/b_t` is above a tenth
 * in some minibatch, such as a small last one.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Theorem 2, with the calibration of
 * MATH section 8, erratum 1.
 *
 * @param r0 `f_0(X) − y`, `[N]`, or `[N, O]`
 * @throws ArgumentError when `r0` does not fit, for `epochs` with `sparse` noise or with what contradicts it, and for ensembles
 * too large for memory.
 * @throws NumericalError when a path stops being finite, with the path and the step.
 * @example
 * ```ts
 * import { kernelSpectrum, sntkPaths } from '@sntk/dynamics';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { createRng } from '@sntk/random';
 *
 * const spectrum = kernelSpectrum(tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() }));
 * const options = { learningRate: 0.1, steps: 20, batch: 1, paths: 3, rng: createRng(1) };
 * const { alpha } = sntkPaths(spectrum, new Float64Array([1, -1]), options);
 * console.log(alpha.length); // 6
 * ```
 */
export function sntkPaths(spectrum: KernelSpectrum, r0: Float64Array, options: SntkOptions): DualEnsemble {
  const where = 'sntkPaths';
  const N = spectrum.samples;
  const kind = checkChoice(where, 'options.noise', options.noise ?? 'leading', [
    'leading',
    'exact',
    'sparse',
  ]);
  const { outputs } = slopesOf(where, N, r0, { outputs: options.outputs ?? 1 });
  const run = checkRun(where, N, options);
  checkEnsembleMemory(where, {
    samples: N,
    outputs,
    paths: options.paths,
    copies: kind === 'sparse' ? 6 : 8,
  });
  const fix = rateAdvice(options.learningRate, spectrum.values[N - 1], N);
  if (kind === 'sparse') {
    if (options.epochs) {
      throw new ArgumentError({
        where,
        argument: 'options.noise',
        wanted: "'leading' or 'exact' with epochs: the normals of sparse noise are new in each step",
        got: kind,
      });
    }
    return sparsePaths(spectrum, r0, {
      ...options,
      ...run,
      where,
      outputs,
      replacement: options.replacement ?? false,
      // √(η c_b/b) times the deviation √η of dW over a step.
      intensity: (step) => run.rate(step) * Math.sqrt(run.factor(step) / run.batch(step)),
      reduction: 'mean',
      fix,
    });
  }
  const example = exampleNoise(where, N, options, run);
  return densePaths(spectrum, r0, {
    ...options,
    ...run,
    ...example,
    outputs,
    centred: kind === 'exact',
    fix,
  });
}

/** Noise on all examples: two products `[N, N] · [N, O P]` a step. */
function densePaths(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: SntkOptions &
    SdeRun &
    ExampleNoise & { readonly outputs: number; readonly centred: boolean; readonly fix: string },
): DualEnsemble {
  const { outputs: O, steps, paths, rate, factor, draw, centred, firstPath, onProgress, signal } = options;
  const { Q, values, samples: N } = spectrum;
  const c0 = toModes(spectrum, r0, O);
  const flows = flowCache(spectrum, c0, 'mean');
  const forth = prepare(Q);
  const back = prepare(transpose(Q));
  const a = new Float64Array(N * O * paths);
  const moved = new Float64Array(a.length);
  const c = new Float64Array(a.length);
  const r = new Float64Array(a.length);
  const dW = new Float64Array(N * paths);
  const euler = options.epochs === true;
  const stride = Math.max(1, Math.ceil(steps / 100));
  const checkPaths = (entries: Float64Array, step: number): void => {
    const bad = firstNotFinite(entries);
    if (bad >= 0) throw diverged('sntkPaths', { path: firstPath + (bad % paths), step, fix: options.fix });
  };
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      stepModes(flows(euler ? 0 : driftBefore(rate, step)), { values, c0 }, { a, moved, c });
      draw(step, dW);
      if (centred) centre(dW, paths);
      forth.into(c, r);
      if (euler) for (let at = 0; at < a.length; at++) a[at] -= (rate(step) / N) * c[at];
      kick(r, dW, { out: c, outputs: O, paths, intensity: rate(step) * Math.sqrt(factor(step) / N) });
      back.into(c, moved);
      // A product puts what is not finite in a path into all of its rows, so one row tells.
      checkPaths(moved.subarray(0, O * paths), step);
      if ((step + 1) % stride === 0 || step + 1 === steps) onProgress?.({ done: step + 1, total: steps });
    }
    stepModes(flows(euler ? 0 : rate(steps - 1) / 2), { values, c0 }, { a, moved, c });
    checkPaths(a, steps);
    return fromModes(spectrum, c0, a, paths);
  } finally {
    forth.dispose();
    back.dispose();
  }
}
