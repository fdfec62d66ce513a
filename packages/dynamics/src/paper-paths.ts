import {
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkPositive,
  NumericalError,
} from '@sntk/errors';
import { toFloat64 } from '@sntk/linalg';
import { minibatches, type Rng } from '@sntk/random';
import type { DualEnsemble, RunHooks } from './kernel-sgd.ts';
import { fromModes, modeFlow, toModes } from './modes.ts';
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
  const { learningRate, steps, batch, paths, rng, firstPath = 0, onProgress, signal } = options;
  const reduction = checkChoice('paperSntkPaths', 'options.reduction', options.reduction ?? 'mean', [
    'mean',
    'sum',
  ]);
  const N = spectrum.samples;
  checkLength('paperSntkPaths', 'r0', r0, N, 'one per training point');
  checkFinite('paperSntkPaths', 'r0', r0);
  checkPositive('paperSntkPaths', 'options.learningRate', learningRate);
  checkInteger('paperSntkPaths', 'options.steps', steps);
  checkInteger('paperSntkPaths', 'options.paths', paths, 1);

  checkInteger('paperSntkPaths', 'options.batch', batch, 1);

  const { values } = spectrum;
  const q = toFloat64(spectrum.Q);
  const c0 = toModes(spectrum, r0, 1);
  const { kept, pulled } = modeFlow(spectrum, c0, { step: learningRate / 2, reduction });
  const drift = (a: Float64Array): void => {
    for (let j = 0; j < N; j++) a[j] = kept[j] * a[j] - pulled[j];
  };
  // √(η/b) times the deviation √η of dW over a step.
  const intensity = learningRate / Math.sqrt(batch);
  const all = new Float64Array(N * paths);
  const a = new Float64Array(N);
  const kicks = new Float64Array(batch);
  for (let p = 0; p < paths; p++) {
    signal?.throwIfAborted();
    const stream = rng.split(firstPath + p);
    const batches = minibatches({
      samples: N,
      batch,
      sampler: 'without-replacement',
      rng: stream.split('batches'),
    });
    const normals = stream.split('noise');
    a.fill(0);
    for (let step = 0; step < steps; step++) {
      const members = batches.at(step);
      normals.fillNormal(kicks);
      drift(a);
      for (let m = 0; m < members.length; m++) {
        const row = members[m] * N;
        let r = 0;
        for (let j = 0; j < N; j++) r += q[row + j] * (c0[j] + values[j] * a[j]);
        kicks[m] *= intensity * r;
      }
      for (let m = 0; m < members.length; m++) {
        const row = members[m] * N;
        for (let j = 0; j < N; j++) a[j] += kicks[m] * q[row + j];
      }
      drift(a);
    }
    if (!a.every(Number.isFinite)) {
      throw new NumericalError({
        where: 'paperSntkPaths',
        found: `path ${firstPath + p} diverged`,
        fix: `lower the learning rate, ${learningRate}, or use the calibrated sntkPaths`,
        details: { path: firstPath + p, learningRate },
      });
    }
    for (let j = 0; j < N; j++) all[j * paths + p] = a[j];
    onProgress?.({ done: p + 1, total: paths });
  }
  return fromModes(spectrum, c0, all, paths);
}
