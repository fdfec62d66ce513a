import type { DistanceSlopes } from '@sntk/architecture';
import { along, emptySlopes, moveDense, type Rates } from './diagonal-tangent.ts';
import { product, scaleState, sum } from './merge.ts';
import type { Step } from './plan.ts';
import { pairRecursion, settle } from './recursion.ts';
import type { PairState } from './state.ts';

/** How a pair's state moves in one direction. The determinant needs no entry: the angle's motion follows from these. */
export interface PairTangent {
  varianceU: number;
  varianceV: number;
  covariance: number;
  distance: number;
  ntk: number;
}

export const emptyTangent = (): PairTangent => ({
  varianceU: 0,
  varianceV: 0,
  covariance: 0,
  distance: 0,
  ntk: 0,
});

export function clearTangent(d: PairTangent): void {
  d.varianceU = 0;
  d.varianceV = 0;
  d.covariance = 0;
  d.distance = 0;
  d.ntk = 0;
}

/**
 * How the angle moves, from the distance where it is acute, so that nearly equal points keep their digits. 0 where the
 * points are equal or opposite: an angle has no derivative there, and its one-sided ones cancel.
 */
function angleTangent(s: PairState, d: PairTangent): number {
  const { varianceU: q, varianceV: p, covariance: c } = s;
  // The angle to a variance of 0 is taken as right, and stays so with it.
  if ((q === 0 && d.varianceU === 0) || (p === 0 && d.varianceV === 0)) return 0;
  const scale = Math.sqrt(q * p);
  const area = Math.sqrt(Math.max(0, s.determinant));
  if (area === 0 && scale > 0) return 0;
  const growth = along(0.5 / q, d.varianceU) + along(0.5 / p, d.varianceV);
  if (c <= 0) return -(d.covariance - c * growth) / area;
  const [u, v] = [Math.sqrt(q), Math.sqrt(p)];
  const radial = ((q - p) / (u + v)) * (d.varianceU / u - d.varianceV / v);
  const gap = Math.max(0, s.determinant) / (scale + c);
  return ((d.distance - radial) / 2 - gap * growth) / area;
}

/** A pair to differentiate: its state, its motion in every direction, and its points' variances with theirs. */
export interface MovingPair {
  readonly state: PairState;
  readonly tangents: readonly PairTangent[];
  readonly u: Float64Array;
  readonly v: Float64Array;
  readonly du: readonly Float64Array[];
  readonly dv: readonly Float64Array[];
}

type SimpleStep = Exclude<Step, { readonly kind: 'branches' }>;

/** Differentiates {@link pairRecursion} in several directions at once. Changes the pair's state and tangents. */
export function tangentRecursion(
  steps: readonly Step[],
  rates: readonly Rates[],
): (pair: MovingPair) => void {
  const slopes = emptySlopes();
  const apart: DistanceSlopes = { distanceU: 0, distanceV: 0, distanceD: 0, distanceAngle: 0 };
  const runners = new Map<Step, ReturnType<typeof pairRecursion>>();
  const runnerOf = (step: Step): ReturnType<typeof pairRecursion> => {
    const known = runners.get(step) ?? pairRecursion([step]);
    runners.set(step, known);
    return known;
  };
  let cursor = 0;

  /** From the state before the step. Tells whether it moved the distance, or left that to variances and covariance. */
  const move = (step: SimpleStep, s: PairState, d: PairTangent, rate: Rates): boolean => {
    switch (step.kind) {
      case 'dense': {
        const weight = rate.get(step)?.weight ?? 0;
        moveDense(step, rate, s, d);
        d.distance = step.weightVariance * d.distance + weight * s.distance;
        return true;
      }
      case 'dual': {
        const angle = angleTangent(s, d);
        const first =
          along(slopes.covarianceU, d.varianceU) +
          along(slopes.covarianceV, d.varianceV) +
          along(slopes.covarianceC, d.covariance) +
          along(slopes.covarianceAngle, angle);
        const second =
          along(slopes.derivativeU, d.varianceU) +
          along(slopes.derivativeV, d.varianceV) +
          along(slopes.derivativeC, d.covariance) +
          along(slopes.derivativeAngle, angle);
        d.ntk = d.ntk * slopes.covarianceC + s.ntk * second;
        d.covariance = first;
        if (!step.dual.distanceSlopes) return false;
        d.distance =
          along(apart.distanceU, d.varianceU) +
          along(apart.distanceV, d.varianceV) +
          along(apart.distanceD, d.distance) +
          along(apart.distanceAngle, angle);
        return true;
      }
      case 'norm': {
        const [qe, pe] = [s.varianceU + step.epsilon, s.varianceV + step.epsilon];
        const root = Math.sqrt(qe * pe);
        const growth = d.varianceU / (2 * qe) + d.varianceV / (2 * pe);
        d.covariance = (d.covariance - s.covariance * growth) / root;
        d.ntk = (d.ntk - s.ntk * growth) / root;
        return false;
      }
      case 'dropout':
        d.distance += (1 / step.keep - 1) * (d.varianceU + d.varianceV);
        return true;
    }
  };

  /** Runs branches and merges them. Tells as `move` does. */
  const fanOut = (step: Extract<Step, { kind: 'branches' }>, pair: MovingPair): boolean => {
    const { state: s, tangents } = pair;
    const before = { state: { ...s }, tangents: tangents.map((d) => ({ ...d })) };
    step.branches.forEach((branch, i) => {
      const state = { ...before.state };
      const moved = before.tangents.map((d) => ({ ...d }));
      run(branch, { ...pair, state, tangents: moved });
      const share = step.shares[i];
      scaleState(state, share);
      tangents.forEach((d, k) => {
        const each = moved[k];
        for (const name of TANGENTS) each[name] *= share;
        if (i === 0) Object.assign(d, each);
        else if (step.merge === 'product') productTangent([s, d], [state, each]);
        else for (const name of TANGENTS) d[name] += each[name];
      });
      if (i === 0) Object.assign(s, state);
      else if (step.merge === 'product') product(s, state);
      else sum(s, state);
    });
    return step.merge !== 'product';
  };

  const run = (plan: readonly Step[], pair: MovingPair): void => {
    const { state: s, tangents, u, v, du, dv } = pair;
    for (const step of plan) {
      let distances = true;
      if (step.kind === 'branches') {
        distances = fanOut(step, pair);
        [s.varianceU, s.varianceV] = [u[cursor], v[cursor]];
      } else {
        if (step.kind === 'dual') {
          settle(s);
          step.dual.slopes!(s, slopes);
          step.dual.distanceSlopes?.(s, apart);
        }
        for (let k = 0; k < tangents.length; k++) distances = move(step, s, tangents[k], rates[k]);
        runnerOf(step)(s, u, v, cursor);
      }
      for (let k = 0; k < tangents.length; k++) {
        const d = tangents[k];
        d.varianceU = du[k][cursor];
        d.varianceV = dv[k][cursor];
        if (!distances) d.distance = d.varianceU + d.varianceV - 2 * d.covariance;
      }
      cursor++;
    }
  };
  return (pair) => {
    cursor = 0;
    run(steps, pair);
  };
}

const TANGENTS = ['varianceU', 'varianceV', 'covariance', 'distance', 'ntk'] as const;

/** Of a product of branches, but for variances and distance, which the points' own tell. */
function productTangent([a, da]: [PairState, PairTangent], [b, db]: [PairState, PairTangent]): void {
  da.ntk = da.ntk * b.covariance + a.ntk * db.covariance + db.ntk * a.covariance + b.ntk * da.covariance;
  da.covariance = da.covariance * b.covariance + a.covariance * db.covariance;
}
