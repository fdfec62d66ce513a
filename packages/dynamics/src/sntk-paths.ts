import {
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
} from '@sntk/errors';
import { prepare, type Tensor, tensor, toFloat64, transpose } from '@sntk/linalg';
import { batchFactor, type NoiseKind } from '@sntk/noise';
import type { Rng } from '@sntk/random';
import { integrate, type SdeProblem } from '@sntk/sde';
import type { DualEnsemble, RunHooks } from './kernel-sgd.ts';
import { fromModes, type ModeFlow, modeFlow, toModes } from './modes.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** An ensemble of SNTK paths. */
export interface SntkOptions extends RunHooks {
  /** η: the size of the noise, and the step of the integrator. */
  readonly learningRate: number;
  /** Number of SGD steps; time runs to `η · steps`. */
  readonly steps: number;
  /** `b`. */
  readonly batch: number;
  /** False unless told: minibatches hold different examples. */
  readonly replacement?: boolean;
  /** `c_b` itself, where minibatches are not all of one size; see `epochBatchFactor` of `@sntk/noise`. */
  readonly batchFactor?: number;
  /** `leading`, MATH (30), unless told; `exact` is MATH (29). */
  readonly noise?: NoiseKind;
  readonly paths: number;
  /** Number of the first path; the noise of path `p` is that of `rng.split(p)`, whatever the block it runs in. */
  readonly firstPath?: number;
  readonly rng: Rng;
}

/**
 * Sample paths of the calibrated SNTK, MATH (30), or of the SDE with SGD's exact noise covariance, MATH (29), in dual
 * coordinates: `dα = −(1/N) r dt + √(η c_b/N) r ∘ dW`, `r = r_0 + Kα`.
 *
 * Integrated by `exponentialStrang` of `@sntk/sde` with step `η`: the drift is exact, and the variance of stiff modes
 * is right to second order in `ηλ/N`. In the eigenbasis of `K` a step is two products `[N, N] · [N, P]`.
 *
 * The SDE is SGD's limit for small `η`: at `ηλ_max/N = 0.2` the stiffest mode of SGD has a 5 % larger spread.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Theorem 2, with the calibration of
 * MATH section 8, erratum 1.
 *
 * @throws ArgumentError when `r0` does not have one finite entry per training point.
 * @throws NumericalError when a path stops being finite.
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
  const { learningRate, steps, paths, rng, onProgress, signal } = options;
  const N = spectrum.samples;
  const { intensity, centred } = checkSntk('sntkPaths', spectrum, r0, options);
  const c0 = toModes(spectrum, r0, 1);
  const noise = modeNoise(spectrum, c0, { intensity, centred });
  const problem: SdeProblem = {
    dimension: N,
    noiseDimension: N,
    noise: 'general',
    calculus: 'ito',
    drift: (_t, a, out, count) => {
      for (let q = 0; q < a.length; q++) {
        const j = Math.floor(q / count);
        out[q] = -(c0[j] + spectrum.values[j] * a[q]) / N;
      }
    },
    diffusion: { apply: (_t, a, dW, out, count) => noise.apply(a, dW, out, count) },
    // The drift is affine, and its flow is as exact as that of a linear one.
    linear: {
      exponential: (step) => {
        const flow = modeFlow(spectrum, c0, { step, reduction: 'mean' });
        return (a, count) => applyFlow(flow, a, count);
      },
    },
  };
  try {
    const { final } = integrate(problem, {
      method: 'exponentialStrang',
      x0: new Float64Array(N),
      t1: learningRate * steps,
      steps,
      rng,
      paths,
      firstPath: options.firstPath ?? 0,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    return fromModes(spectrum, c0, final, paths);
  } finally {
    noise.dispose();
  }
}

/** Checks what an ensemble of paths is asked for, and works out the size of its noise. */
export function checkSntk(
  where: string,
  { samples: N }: KernelSpectrum,
  r0: Float64Array,
  options: SntkOptions,
): { readonly intensity: number; readonly centred: boolean } {
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  const learningRate = checkPositive(where, 'options.learningRate', options.learningRate);
  checkInteger(where, 'options.paths', options.paths, 1);
  checkInteger(where, 'options.steps', options.steps, 1);
  const c = checkNonNegative(
    where,
    'options.batchFactor',
    options.batchFactor ?? batchFactor({ ...options, samples: N }),
  );
  const kind = checkChoice(where, 'options.noise', options.noise ?? 'leading', ['leading', 'exact']);
  return { intensity: Math.sqrt((learningRate * c) / N), centred: kind === 'exact' };
}

/** `a ← E a − G c_0`, the exact drift. */
function applyFlow(flow: ModeFlow, a: Float64Array, paths: number): void {
  const { kept, pulled } = flow;
  for (let j = 0; j < kept.length; j++) {
    for (let p = j * paths; p < (j + 1) * paths; p++) a[p] = kept[j] * a[p] - pulled[j];
  }
}

/** The noise `intensity · Qᵀ (r ∘ dW)` with `r = Q (c_0 + Λ a)`, its factor centred over examples for MATH (29). */
function modeNoise(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  options: { readonly intensity: number; readonly centred: boolean },
): {
  apply(a: Float64Array, dW: Float64Array, out: Float64Array, paths: number): void;
  dispose(): void;
} {
  const { Q, values, samples: N } = spectrum;
  const { intensity, centred } = options;
  const forth = prepare(Q);
  const back = prepare(transpose(Q));
  let c = new Float64Array(0);
  return {
    apply(a, dW, out, paths) {
      if (c.length !== N * paths) c = new Float64Array(N * paths);
      const block = (entries: Float64Array): Tensor =>
        tensor(entries, { backend: Q.backend, shape: [N, paths] });
      for (let j = 0; j < N; j++) {
        for (let p = j * paths; p < (j + 1) * paths; p++) c[p] = c0[j] + values[j] * a[p];
      }
      const r = toFloat64(forth.times(block(c)));
      const mean = new Float64Array(paths);
      if (centred) for (let q = 0; q < r.length; q++) mean[q % paths] += dW[q] / N;
      for (let q = 0; q < r.length; q++) c[q] = intensity * r[q] * (dW[q] - mean[q % paths]);
      out.set(toFloat64(back.times(block(c))));
    },
    dispose() {
      forth.dispose();
      back.dispose();
    },
  };
}
