import type { PairSlopes } from '@sntk/architecture';
import type { DenseStep, Step } from './plan.ts';
import { tapeLength } from './recursion.ts';

/** A direction in which a network's scales move: dσ_w² and dσ_b² of each dense layer; none where they stay. */
export type Rates = ReadonlyMap<DenseStep, { readonly weight: number; readonly bias: number }>;

/** How one point's variances move after every step, and its two kernels at the end. */
export interface TapeTangent {
  readonly variances: Float64Array;
  readonly nngp: number;
  readonly ntk: number;
}

const STILL = { weight: 0, bias: 0 };

/** A slope that may be infinite, along a direction in which nothing may move. */
export const along = (slope: number, motion: number): number => (motion === 0 ? 0 : slope * motion);

export const emptySlopes = (): PairSlopes => ({
  covarianceU: 0,
  covarianceV: 0,
  covarianceC: 0,
  covarianceAngle: 0,
  derivativeU: 0,
  derivativeV: 0,
  derivativeC: 0,
  derivativeAngle: 0,
});

/** A second moment and Θ, or how they move. */
interface Moments {
  covariance: number;
  ntk: number;
}

/** Moves the motion `d` of `s` through a dense layer whose σ_w², σ_b² and gains move, too. `s` is from before it. */
export function moveDense(step: DenseStep, rates: Rates, s: Readonly<Moments>, d: Moments): void {
  const { weight, bias } = rates.get(step) ?? STILL;
  const w = step.weightVariance;
  const own = step.gainsAreVariances ? weight * s.covariance + bias : 0;
  d.ntk = step.weightGain * d.covariance + own + w * d.ntk + weight * s.ntk;
  d.covariance = w * d.covariance + weight * s.covariance + bias;
}

/** Differentiates {@link runDiagonal} of a point whose input moment moves at the rate `seed`. */
export function diagonalTangent(
  steps: readonly Step[],
  { input, seed }: { readonly input: number; readonly seed: number },
  rates: Rates,
): TapeTangent {
  const variances = new Float64Array(tapeLength(steps));
  const out = emptySlopes();
  let cursor = 0;
  type Four = [q: number, ntk: number, dq: number, dntk: number];
  const run = (plan: readonly Step[], start: Four): Four => {
    let [q, ntk, dq, dntk] = start;
    for (const step of plan) {
      switch (step.kind) {
        case 'dense': {
          const d = { covariance: dq, ntk: dntk };
          moveDense(step, rates, { covariance: q, ntk }, d);
          [dq, dntk] = [d.covariance, d.ntk];
          ntk = step.weightGain * q + step.biasGain + step.weightVariance * ntk;
          q = step.weightVariance * q + step.biasVariance;
          break;
        }
        case 'dual': {
          step.dual.slopes!({ varianceU: q, varianceV: q, covariance: q, distance: 0, determinant: 0 }, out);
          const { covariance, derivative } = step.dual.diagonal(q);
          dntk = derivative * dntk + ntk * along(2 * out.derivativeU + out.derivativeC, dq);
          dq = along(2 * out.covarianceU + out.covarianceC, dq);
          q = covariance;
          ntk *= derivative;
          break;
        }
        case 'norm': {
          const total = q + step.epsilon;
          dntk = (dntk - (ntk * dq) / total) / total;
          dq *= step.epsilon / (total * total);
          q /= total;
          ntk /= total;
          break;
        }
        case 'dropout':
          [q, ntk, dq, dntk] = [q / step.keep, ntk / step.keep, dq / step.keep, dntk / step.keep];
          break;
        case 'branches': {
          const before: Four = [q, ntk, dq, dntk];
          step.branches.forEach((branch, i) => {
            const [b, bNtk, db, dbNtk] = run(branch, before).map((each) => step.shares[i] * each);
            if (i === 0) [q, ntk, dq, dntk] = [b, bNtk, db, dbNtk];
            else if (step.merge === 'product') {
              dntk = dntk * b + ntk * db + dbNtk * q + bNtk * dq;
              dq = dq * b + q * db;
              [q, ntk] = [q * b, ntk * b + bNtk * q];
            } else [q, ntk, dq, dntk] = [q + b, ntk + bNtk, dq + db, dntk + dbNtk];
          });
          break;
        }
      }
      variances[cursor++] = dq;
    }
    return [q, ntk, dq, dntk];
  };
  const [, , nngp, ntk] = run(steps, [input, 0, seed, 0]);
  return { variances, nngp, ntk };
}
