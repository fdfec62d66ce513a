import { ndarrayBackend, toFloat64 } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import type { DualEnsemble, RunHooks } from './kernel-sgd.ts';
import { minibatchNoise, type NoiseSteps } from './minibatch-noise.ts';
import { applyFlow, flowCache, fromModes, toModes } from './modes.ts';
import { diverged, driftBefore, firstNotFinite } from './sde-run.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** Paths whose noise of a step lives on a minibatch. */
export interface SparseOptions extends RunHooks {
  readonly where: string;
  readonly outputs: number;
  readonly steps: number;
  /** η of a step. */
  readonly rate: (step: number) => number;
  /** `b` of a step. */
  readonly batch: (step: number) => number;
  readonly replacement: boolean;
  /** What a residual is multiplied with, beside a standard normal number, in a step. */
  readonly intensity: (step: number) => number;
  readonly reduction: 'mean' | 'sum';
  readonly paths: number;
  readonly firstPath: number;
  readonly rng: Rng;
  /** What to do about divergence. */
  readonly fix: string;
}

/** Random numbers that are drawn at once, for all paths: as many again are drawn while these are used. */
const BLOCK = 2 ** 15;

/** Paths that run together, at most: each has random streams of its own, of some kilobytes. */
const GROUP = 2 ** 12;

/** Numbers in the states of a group, at most: backends hold them twice, in memory that may end before that of JavaScript. */
const GROUP_ENTRIES = 2 ** 25;

/**
 * Strang splitting of `dα_i = −(s/N) r_i dt + noise 1[i ∈ B_t] r_i dW_i`, one step for each step of SGD.
 *
 * In the eigenbasis of `K` the drift is diagonal and the noise of a step touches `b` rows of `Q`, so that a step costs
 * `O(bN)` a path and output. The halves of the drift between two steps are taken as one. Paths go many steps at a
 * time on the backend's fused kernel, or on the plain one, thousands of them together.
 */
export function sparsePaths(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: SparseOptions,
): DualEnsemble {
  const { outputs, paths, firstPath } = options;
  const c0 = toModes(spectrum, r0, outputs);
  const matrix = toFloat64(spectrum.Q);
  const size = Math.max(1, Math.min(GROUP, Math.floor(GROUP_ENTRIES / c0.length)));
  if (paths <= size) return fromModes(spectrum, c0, groupOfPaths(spectrum, { matrix, c0 }, options), paths);
  const all = new Float64Array(c0.length * paths);
  const groups = Math.ceil(paths / size);
  for (let group = 0, first = 0; group < groups; group++, first += size) {
    const count = Math.min(size, paths - first);
    const a = groupOfPaths(
      spectrum,
      { matrix, c0 },
      {
        ...options,
        paths: count,
        firstPath: firstPath + first,
        onProgress: ({ done, total }) =>
          options.onProgress?.({ done: group * total + done, total: groups * total }),
      },
    );
    for (let q = 0; q < c0.length; q++) all.set(a.subarray(q * count, (q + 1) * count), q * paths + first);
  }
  return fromModes(spectrum, c0, all, paths);
}

/** The coordinates of a group of paths in the eigenbasis at the end, `[N, O, P]`. */
function groupOfPaths(
  spectrum: KernelSpectrum,
  { matrix, c0 }: { readonly matrix: Float64Array; readonly c0: Float64Array },
  options: SparseOptions,
): Float64Array {
  const { where, fix, outputs, steps, rate, paths, firstPath, signal, onProgress } = options;
  const { Q, values, samples: N } = spectrum;
  const flows = flowCache(spectrum, c0, options.reduction);
  const { minibatchPaths } = { ...ndarrayBackend().fused, ...Q.backend.fused };
  const ensemble = minibatchPaths!({ size: N, outputs, paths, matrix, values, start: c0 });
  try {
    const drawn = minibatchNoise({ ...options, samples: N });
    const draw = (first: number) => (first < steps ? drawn(alike(first, options)) : undefined);
    for (let block = draw(0), next = block; block; block = next) {
      signal?.throwIfAborted();
      const { first } = block;
      const end = first + block.steps;
      const failed = ensemble.advance({ ...block, ...flows(driftBefore(rate, first)) }, () => {
        next = draw(end);
      });
      if (failed) throw diverged(where, { path: firstPath + failed.path, step: first + failed.step, fix });
      onProgress?.({ done: end, total: steps });
    }
    const a = ensemble.read();
    if (steps > 0) applyFlow(flows(rate(steps - 1) / 2), a);
    const bad = firstNotFinite(a);
    if (bad >= 0) throw diverged(where, { path: firstPath + (bad % paths), step: steps, fix });
    return a;
  } finally {
    ensemble.dispose();
  }
}

/** The steps from `first` on that have its drift, minibatch size and intensity, at most a block of them. */
function alike(first: number, { steps, rate, batch, intensity, paths }: SparseOptions): NoiseSteps {
  const b = batch(first);
  const most = Math.min(steps - first, Math.max(1, Math.floor(BLOCK / (paths * b))));
  const like = (step: number): boolean =>
    driftBefore(rate, step) === driftBefore(rate, first) &&
    batch(step) === b &&
    intensity(step) === intensity(first);
  let count = 1;
  while (count < most && like(first + count)) count++;
  return { first, steps: count, batch: b, intensity: intensity(first) };
}
