import { toFloat64 } from '@sntk/linalg';
import { type Minibatches, minibatches, type Rng } from '@sntk/random';
import type { DualEnsemble, RunHooks } from './kernel-sgd.ts';
import { applyFlow, fromModes, type ModeFlow, modeFlow, residualModes, toModes } from './modes.ts';
import { addRows, readRows } from './rows.ts';
import { diverged } from './sde-run.ts';
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

/**
 * Strang splitting of `dα_i = −(s/N) r_i dt + noise 1[i ∈ B_t] r_i dW_i`, one step for each step of SGD.
 *
 * In the eigenbasis of `K` the drift is diagonal and the noise of a step touches `b` rows of `Q`, so that a step costs
 * `O(bN)` a path and output. The halves of the drift between two steps are taken as one.
 */
export function sparsePaths(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: SparseOptions,
): DualEnsemble {
  const { where, fix, outputs: O, steps, rate, batch, paths, firstPath, rng, signal, onProgress } = options;
  const { values, samples: N } = spectrum;
  const q = toFloat64(spectrum.Q);
  const c0 = toModes(spectrum, r0, O);
  const flows = flowCache(spectrum, c0, options.reduction);
  const all = new Float64Array(N * O * paths);
  const a = new Float64Array(N * O);
  const c = new Float64Array(N * O);
  let kicks = new Float64Array(0);
  for (let p = 0; p < paths; p++) {
    signal?.throwIfAborted();
    const stream = rng.split(firstPath + p);
    const batches = batchesBySize(N, stream.split('batches'), options.replacement);
    const normals = stream.split('noise');
    a.fill(0);
    for (let step = 0; step < steps; step++) {
      applyFlow(flows(step === 0 ? rate(0) / 2 : (rate(step - 1) + rate(step)) / 2), a);
      const members = batches(batch(step)).at(step);
      const b = members.length;
      if (kicks.length !== b * (1 + O)) kicks = new Float64Array(b * (1 + O));
      normals.fillNormal(kicks.subarray(0, b));
      const intensity = options.intensity(step);
      residualModes(values, c0, a, c);
      const r = kicks.subarray(b);
      readRows(q, members, c, r);
      let sum = 0;
      for (let m = 0, at = 0; m < b; m++) {
        for (let o = 0; o < O; o++, at++) {
          r[at] *= intensity * kicks[m];
          sum += r[at];
        }
      }
      addRows(q, members, r, a);
      if (!Number.isFinite(sum)) throw diverged(where, { path: firstPath + p, step, fix });
    }
    if (steps > 0) applyFlow(flows(rate(steps - 1) / 2), a);
    if (!a.every(Number.isFinite)) throw diverged(where, { path: firstPath + p, step: steps, fix });
    for (let row = 0; row < a.length; row++) all[row * paths + p] = a[row];
    onProgress?.({ done: p + 1, total: paths });
  }
  return fromModes(spectrum, c0, all, paths);
}

/** Flows of the drift by their length; a schedule of many lengths keeps the latest alone. */
export function flowCache(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  reduction: 'mean' | 'sum',
): (length: number) => ModeFlow {
  let lengths = [Number.NaN, Number.NaN];
  let flows: ModeFlow[] = [];
  return (length) => {
    const known = lengths.indexOf(length);
    if (known >= 0) return flows[known];
    const flow = modeFlow(spectrum, c0, { step: length, reduction });
    lengths = [length, lengths[0]];
    flows = [flow, flows[0]];
    return flow;
  };
}

function batchesBySize(samples: number, rng: Rng, replacement: boolean): (batch: number) => Minibatches {
  const sources = new Map<number, Minibatches>();
  const sampler = replacement ? 'with-replacement' : 'without-replacement';
  return (batch) => {
    const known = sources.get(batch) ?? minibatches({ samples, batch, sampler, rng });
    sources.set(batch, known);
    return known;
  };
}
