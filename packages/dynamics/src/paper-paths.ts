import { checkChoice, checkInteger, checkPositive } from '@sntk/errors';
import type { Rng } from '@sntk/random';
import { rateAdvice } from './advice.ts';
import { checkEnsembleMemory } from './checks.ts';
import type { DualEnsemble, RunHooks } from './kernel-sgd.ts';
import { slopesOf } from './loss.ts';
import { sparsePaths } from './sparse-paths.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** An ensemble of paths of the SNTK as printed. */
export interface PaperSntkPathsOptions extends RunHooks {
  /** η. */
  readonly learningRate: number;
  readonly steps: number;
  /** `b`. */
  readonly batch: number;
  /** `mean` divides the printed drift by `N`, so that time means what it means for SGD; `sum` is as printed. */
  readonly reduction?: 'mean' | 'sum';
  /** `O`, 1 unless told: `r0` is `[N, O]`, ensembles are `[N, O, P]`, and the outputs of an example share its noise. */
  readonly outputs?: number;
  readonly paths: number;
  readonly firstPath?: number;
  readonly rng: Rng;
}

/**
 * Sample paths of the SNTK as the paper prints it, MATH (31): `dα_i = −r_i dt + √(η/b) r_i 1[i ∈ B_t] dW_i`, with a
 * minibatch of each step drawn without replacement.
 *
 * The printed noise lacks the `1/b` of SGD's, so its variance is about `b` times too large: it is here to show that.
 * The drift is split around the noise as in `sntkPaths`; in the eigenbasis of `K` it is diagonal and the noise of a
 * step touches `b` rows of `Q`, so a step costs `O(bN)` a path.
 *
 * Source: Definition 2 and Theorem 2 of "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws NumericalError when a path stops being finite.
 */
export function paperSntkPaths(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: PaperSntkPathsOptions,
): DualEnsemble {
  const { learningRate, steps, batch, paths } = options;
  const reduction = checkChoice('paperSntkPaths', 'options.reduction', options.reduction ?? 'mean', [
    'mean',
    'sum',
  ]);
  const N = spectrum.samples;
  const { outputs } = slopesOf('paperSntkPaths', N, r0, { outputs: options.outputs ?? 1 });
  checkPositive('paperSntkPaths', 'options.learningRate', learningRate);
  checkInteger('paperSntkPaths', 'options.steps', steps);
  checkInteger('paperSntkPaths', 'options.paths', paths, 1);
  checkInteger('paperSntkPaths', 'options.batch', batch, 1);
  checkEnsembleMemory('paperSntkPaths', { samples: N, outputs, paths, copies: 6 });
  return sparsePaths(spectrum, r0, {
    ...options,
    where: 'paperSntkPaths',
    outputs,
    firstPath: options.firstPath ?? 0,
    rate: () => learningRate,
    batch: () => batch,
    replacement: false,
    // √(η/b) times the deviation √η of dW over a step.
    intensity: () => learningRate / Math.sqrt(batch),
    reduction,
    fix: `${rateAdvice(learningRate, spectrum.values[N - 1], N)}, or use the calibrated sntkPaths`,
  });
}
