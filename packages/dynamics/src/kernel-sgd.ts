import { ArgumentError, checkInteger, checkPositive } from '@sntk/errors';
import type { Tensor } from '@sntk/linalg';
import { addRows } from '@sntk/linalg/extending';
import type { Minibatches } from '@sntk/random';
import { largestEigenvalue, rateAdvice } from './advice.ts';
import { checkEnsembleMemory, kernelEntries } from './checks.ts';
import { type LossOptions, type Slopes, slopesOf } from './loss.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import { diverged } from './sde-run.ts';

/** An ensemble of dual states: `alpha` and `residual` row-major `[N, P]`, one column a path; `[N, O, P]` for `O` outputs. */
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
export interface KernelSgdOptions extends RunHooks, LossOptions {
  /** η, or a function of the step. */
  readonly learningRate: Schedule;
  readonly steps: number;
  /** One source of minibatches for each path; see `minibatches` of `@sntk/random`. Sizes may differ from step to step. */
  readonly batches: readonly Minibatches[];
  /**
   * `l` of SVAG, MATH (37), 1 unless told: `l` steps of length `η/l` for one, each with the gradient
   * `½(1 + √(2l−1)) ĝ_1 + ½(1 − √(2l−1)) ĝ_2` of the next two minibatches, so that noise keeps its size in time. The
   * sizes hold for independent minibatches: those of an epoch know of each other.
   */
  readonly svag?: number;
}

/**
 * Minibatch SGD of the linearized network, step for step, in dual coordinates, MATH (28):
 * `α_i ← α_i − (η/b) ℓ'_i` for the examples `i` of the minibatch, with `r = r_0 + K α`; `ℓ'_i = r_i` for the squared loss.
 *
 * Given the minibatches of a real SGD run it is that run with the kernel held fixed. A step costs `b` rows of `K` for each
 * output, which are of the kernel `K ⊗ I_O`.
 *
 * Source of SVAG: Li, Malladi and Arora, "On the Validity of Modeling SGD with Stochastic Differential Equations (SDEs)".
 *
 * @param K kernel on the training points, `[N, N]`
 * @param r0 `f_0(X) − y`, `[N]`, or `[N, O]`
 * @throws ArgumentError for a kernel that is not square, symmetric and finite, sizes that do not fit, and ensembles too
 * large for memory.
 * @throws NumericalError when a path stops being finite, with the path and the step.
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
  const where = 'kernelSgd';
  const { learningRate, steps, batches, onProgress, signal } = options;
  const { samples: N, k } = kernelEntries(where, K);
  const slopes = slopesOf(where, N, r0, options);
  const rate = scheduleOf(where, 'options.learningRate', learningRate, checkPositive);
  checkInteger(where, 'options.steps', steps);
  const l = checkInteger(where, 'options.svag', options.svag ?? 1, 1);
  const P = batches.length;
  checkEnsembleMemory(where, { samples: N, outputs: slopes.outputs, paths: P, copies: 2 });

  const size = N * slopes.outputs;
  const alpha = new Float64Array(size * P);
  const residual = new Float64Array(size * P);
  const a = new Float64Array(size);
  const r = new Float64Array(size);
  const step = stepper(k, slopes, r, a);
  const spread = Math.sqrt(2 * l - 1);
  const fix = (): string => rateAdvice(learningRate, largestEigenvalue(k, N), N);
  for (let p = 0; p < P; p++) {
    signal?.throwIfAborted();
    a.fill(0);
    r.set(r0);
    const source = batches[p];
    for (let s = 0; s < steps; s++) {
      const eta = rate(s) / l;
      let finite = true;
      if (l === 1) {
        finite = step.gather(source.at(s), eta);
        step.apply();
      } else {
        for (let part = s * l; part < (s + 1) * l; part++) {
          finite = step.gather(source.at(2 * part), (eta * (1 + spread)) / 2) && finite;
          finite = step.gather(source.at(2 * part + 1), (eta * (1 - spread)) / 2) && finite;
          step.apply();
        }
      }
      if (!finite) throw diverged(where, { path: p, step: s, fix: fix() });
    }
    for (let q = 0; q < size; q++) {
      if (!Number.isFinite(r[q])) throw diverged(where, { path: p, step: steps, fix: fix() });
      alpha[q * P + p] = a[q];
      residual[q * P + p] = r[q];
    }
    onProgress?.({ done: p + 1, total: P });
  }
  return { alpha, residual, paths: P };
}

/** Steps in place: all coefficients come from the residual before the step, then their rows of `K` are added. */
function stepper(
  k: Float64Array,
  slopes: Slopes,
  r: Float64Array,
  a: Float64Array,
): {
  /** Takes the mean slope over a minibatch into the step, times `weight`; false when it is not finite. */
  gather(batch: Int32Array, weight: number): boolean;
  apply(): void;
} {
  const O = slopes.outputs;
  const N = r.length / O;
  const given = new Float64Array(O);
  const found = new Float64Array(O);
  let members = new Int32Array(0);
  let changes = new Float64Array(0);
  let count = 0;
  // Views of what is filled, made anew only when its size changes.
  let rows = members;
  let weights = changes;
  return {
    gather(batch, weight) {
      const b = batch.length;
      if (count + b > members.length) {
        const [oldMembers, oldChanges] = [members, changes];
        members = new Int32Array(2 * (count + b));
        changes = new Float64Array(2 * (count + b) * O);
        members.set(oldMembers);
        changes.set(oldChanges);
        rows = members.subarray(0, 0);
      }
      let sum = 0;
      for (let m = 0; m < b; m++) {
        const i = batch[m];
        if (!(i >= 0 && i < N)) throw strangeExample(i, N);
        for (let o = 0; o < O; o++) given[o] = r[i * O + o];
        slopes.at(given, i, found);
        members[count] = i;
        for (let o = 0; o < O; o++) {
          changes[count * O + o] = -(weight / b) * found[o];
          sum += found[o];
        }
        count += 1;
      }
      return Number.isFinite(sum);
    },
    apply() {
      for (let m = 0; m < count; m++) {
        for (let o = 0; o < O; o++) a[members[m] * O + o] += changes[m * O + o];
      }
      if (rows.length !== count) {
        rows = members.subarray(0, count);
        weights = changes.subarray(0, count * O);
      }
      addRows(k, rows, weights, r);
      count = 0;
    },
  };
}

function strangeExample(example: number, samples: number): ArgumentError {
  return new ArgumentError({
    where: 'kernelSgd',
    argument: 'options.batches',
    wanted: `minibatches of ${samples} examples, one per row of K`,
    got: `example ${example}`,
  });
}
