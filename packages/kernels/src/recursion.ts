import type { ActivationDual, PairMoments } from '@sntk/architecture';
import { product, scaleState, sum } from './merge.ts';
import type { Step } from './plan.ts';
import { distanceOf, type PairState } from './state.ts';

type DualStep = Extract<Step, { readonly kind: 'dual' }>;

/** NNGP variances of one point after every step, in the order in which the steps are done, and its Θ at the end. */
export interface Tape {
  readonly variances: Float64Array;
  readonly nngp: number;
  readonly ntk: number;
}

/** Number of steps, those inside branches included. */
export function tapeLength(steps: readonly Step[]): number {
  return steps.reduce(
    (count, step) =>
      count + 1 + (step.kind === 'branches' ? step.branches.reduce((c, b) => c + tapeLength(b), 0) : 0),
    0,
  );
}

/** Runs one point against itself, MATH (3)–(6) on the diagonal, and keeps its variances. */
export function runDiagonal(steps: readonly Step[], input: number): Tape {
  const variances = new Float64Array(tapeLength(steps));
  let cursor = 0;
  const run = (plan: readonly Step[], q0: number, ntk0: number): [q: number, ntk: number] => {
    let [q, ntk] = [q0, ntk0];
    for (const step of plan) {
      switch (step.kind) {
        case 'dense':
          ntk = step.weightGain * q + step.biasGain + step.weightVariance * ntk;
          q = step.weightVariance * q + step.biasVariance;
          break;
        case 'dual': {
          const { covariance, derivative } = step.dual.diagonal(q);
          q = covariance;
          ntk *= derivative;
          break;
        }
        case 'norm':
          ntk /= q + step.epsilon;
          q /= q + step.epsilon;
          break;
        case 'dropout':
          q /= step.keep;
          ntk /= step.keep;
          break;
        case 'branches': {
          const [start, startNtk] = [q, ntk];
          step.branches.forEach((branch, i) => {
            const [qi, ntki] = run(branch, start, startNtk);
            const share = step.shares[i];
            if (i === 0) [q, ntk] = [share * qi, share * ntki];
            else if (step.merge === 'product') [q, ntk] = [q * qi, ntk * qi + ntki * q];
            else [q, ntk] = [q + share * qi, ntk + share * ntki];
          });
          break;
        }
      }
      variances[cursor++] = q;
    }
    return [q, ntk];
  };
  const [nngp, ntk] = run(steps, input, 0);
  return { variances, nngp, ntk };
}

/**
 * Where covariances say distance and determinant without cancellation, they do: carried over many layers, the two would
 * drift apart from them by rounding.
 */
export function settle(s: PairState): void {
  const product = s.varianceU * s.varianceV;
  const square = s.covariance * s.covariance;
  if (2 * square < product) s.determinant = product - square;
  const sum = s.varianceU + s.varianceV;
  if (4 * s.covariance < sum) s.distance = sum - 2 * s.covariance;
}

/**
 * Runs a pair of points through the steps: covariance with distance and determinant, none of which is the difference
 * of large numbers, and Θ. Changes `state`. `first` is where in the points' variances those of the first step stand. `many`: whether
 * tables are worth their cost.
 */
export function pairRecursion(
  steps: readonly Step[],
  many = false,
): (state: PairState, u: Float64Array, v: Float64Array, first?: number) => void {
  const moments: PairMoments = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
  // Each place in the network has tables of its own range, so none is thrown out by the next layer.
  const tabulated = new Map<Step, ActivationDual['pair']>();
  const pairOf = (step: DualStep): ActivationDual['pair'] => {
    if (!many || !step.dual.many) return step.dual.pair;
    const known = tabulated.get(step) ?? step.dual.many();
    tabulated.set(step, known);
    return known;
  };
  let cursor = 0;
  const run = (plan: readonly Step[], s: PairState, u: Float64Array, v: Float64Array): void => {
    for (const step of plan) {
      switch (step.kind) {
        case 'dense': {
          const { weightVariance: w, biasVariance: b } = step;
          s.ntk = step.weightGain * s.covariance + step.biasGain + w * s.ntk;
          s.covariance = w * s.covariance + b;
          // det of w·M + b: the bias adds w b E(u − v)².
          s.determinant = w * w * s.determinant + w * b * s.distance;
          s.distance *= w;
          break;
        }
        case 'dual':
          settle(s);
          pairOf(step)(s, moments);
          s.ntk *= moments.derivative;
          s.covariance = moments.covariance;
          s.distance = moments.distance;
          s.determinant = moments.determinant;
          break;
        case 'norm': {
          const [qe, pe] = [s.varianceU + step.epsilon, s.varianceV + step.epsilon];
          const root = Math.sqrt(qe * pe);
          const difference = (step.epsilon * (s.varianceU - s.varianceV)) / (qe * pe);
          s.ntk /= root;
          s.covariance /= root;
          s.determinant /= qe * pe;
          s.varianceU /= qe;
          s.varianceV /= pe;
          s.distance = distanceOf(s, difference);
          break;
        }
        case 'dropout': {
          // Masks of two examples are independent: their covariance stays.
          const more = 1 / step.keep - 1;
          s.distance += more * (s.varianceU + s.varianceV);
          s.determinant += more * (more + 2) * s.varianceU * s.varianceV;
          break;
        }
        case 'branches': {
          const start = { ...s };
          step.branches.forEach((branch, i) => {
            const each = { ...start };
            run(branch, each, u, v);
            scaleState(each, step.shares[i]);
            if (i === 0) Object.assign(s, each);
            else if (step.merge === 'product') product(s, each);
            else sum(s, each);
          });
          break;
        }
      }
      s.varianceU = u[cursor];
      s.varianceV = v[cursor];
      cursor++;
    }
  };
  return (state, u, v, first = 0) => {
    cursor = first;
    run(steps, state, u, v);
  };
}
