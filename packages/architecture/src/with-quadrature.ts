import { checkFinite, checkInteger } from '@sntk/errors';
import type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
import { checkActivation } from './check-activation.ts';
import { gaussianRules } from './gaussian-rules.ts';
import { determinantFrom } from './pair-algebra.ts';
import { quadratureSlopes } from './quadrature-slopes.ts';
import { tabulatedPairs } from './tabulated-pair.ts';

export interface QuadratureOptions {
  /** Where φ or one of its derivatives jumps; none unless told. The rules are split there. */
  readonly kinks?: readonly number[];
  /** Points of a rule over one smooth Gaussian variable of variance 1; 72 unless told. Costs grow with its square. */
  readonly points?: number;
}

/** An activation whose dual is a quadrature. */
export interface QuadratureActivation extends Activation {
  readonly dual: ActivationDual;
  /**
   * Estimated error of `T` and `Ṫ` of a pair, relative to what perfect correlation would give: the difference to the
   * rule with half as many points again.
   */
  error(pair: GaussianPair): number;
}

/**
 * Gives an activation its Gaussian expectations by quadrature: `u` and then `v` given `u`, each by the trapezoid rule or,
 * where kinks or variances above 2 ask for it, by Gauss–Legendre panels split at the kinks and graded towards them.
 *
 * For φ that is analytic in the strip |Im h| < 3/2 between its kinks and grows at most like a power, `T` and `Ṫ` are within
 * 1e-13 of `√(E φ(u)² E φ(v)²)` and of `√(E φ'(u)² E φ'(v)²)` at every variance, 0 included, and every correlation up to
 * ±1 (tested); `error` measures it. Distances are summed as squares of differences, and stay accurate for nearly
 * equal inputs. A pair takes up to 0.3 ms, and up to 4 ms where kinks or variances above 2 ask for panels.
 *
 * @throws ArgumentError for an activation without φ' or φ'', kinks that are not finite and fewer than 16 points.
 * @example
 * ```ts
 * import { withQuadrature } from '@sntk/architecture/activations';
 *
 * const bent = withQuadrature(
 *   {
 *     name: 'bent identity',
 *     value: (h) => (Math.sqrt(h * h + 9) - 3) / 2 + h,
 *     derivative: (h) => h / (2 * Math.sqrt(h * h + 9)) + 1,
 *     secondDerivative: (h) => 4.5 / (h * h + 9) ** 1.5,
 *     twiceDifferentiable: true,
 *   },
 * );
 * console.log(bent.dual.diagonal(0)); // { covariance: 0, derivative: 1 }
 * ```
 */
export function withQuadrature(
  activation: Activation,
  options: QuadratureOptions = {},
): QuadratureActivation {
  const { kinks = [], points = 72 } = options;
  checkActivation('withQuadrature', 'activation', activation);
  checkFinite('withQuadrature', 'options.kinks', kinks);
  checkInteger('withQuadrature', 'options.points', points, 16);
  const dual = quadratureDual(activation, kinks, points);
  return {
    ...activation,
    dual,
    error(pair) {
      const finer = quadratureDual(activation, kinks, Math.ceil(1.5 * points));
      const [coarse, fine]: PairMoments[] = [dual, finer].map((each) => {
        const out = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
        each.pair(pair, out);
        return out;
      });
      const [u, v] = [finer.diagonal(pair.varianceU), finer.diagonal(pair.varianceV)];
      const relative = (name: 'covariance' | 'derivative'): number => {
        const scale = Math.sqrt(u[name] * v[name]);
        return scale === 0 ? 0 : Math.abs(coarse[name] - fine[name]) / scale;
      };
      return Math.max(relative('covariance'), relative('derivative'));
    },
  };
}

function quadratureDual(activation: Activation, kinks: readonly number[], points: number): ActivationDual {
  const { value, derivative } = activation;
  const rules = gaussianRules(kinks, points);
  const diagonal = (q: number): { readonly covariance: number; readonly derivative: number } => {
    if (q === 0) return { covariance: value(0) ** 2, derivative: derivative(0) ** 2 };
    const deviation = Math.sqrt(q);
    const { nodes, weights } = rules.line(0, deviation);
    let [covariance, slope] = [0, 0];
    nodes.forEach((s, i) => {
      covariance += weights[i] * value(deviation * s) ** 2;
      slope += weights[i] * derivative(deviation * s) ** 2;
    });
    return { covariance, derivative: slope };
  };

  const pair = (p: GaussianPair, out: PairMoments): void => {
    const swap = p.varianceU < p.varianceV;
    const q = swap ? p.varianceV : p.varianceU;
    const a = diagonal(p.varianceU).covariance;
    const b = diagonal(p.varianceV).covariance;
    if (q === 0) {
      const still = diagonal(0);
      Object.assign(out, still, { distance: 0, determinant: 0 });
      return;
    }
    const deviation = Math.sqrt(q);
    const slope = p.covariance / q;
    const free = Math.sqrt(Math.max(0, p.determinant) / q);
    const outer = rules.outer({ deviation, slope, free });
    const sums = { T: 0, slope: 0, distance: 0, difference: 0 };
    for (let i = 0; i < outer.nodes.length; i++) {
      const u = deviation * outer.nodes[i];
      const [fu, gu] = [value(u), derivative(u)];
      const inner = rules.line(slope * u, free);
      let [T, S, D, F] = [0, 0, 0, 0];
      for (let j = 0; j < inner.nodes.length; j++) {
        const v = slope * u + free * inner.nodes[j];
        const w = inner.weights[j];
        const fv = value(v);
        const apart = fu - fv;
        T += w * fv;
        S += w * derivative(v);
        D += w * apart * apart;
        F += w * apart * (fu + fv);
      }
      const w = outer.weights[i];
      sums.T += w * fu * T;
      sums.slope += w * gu * S;
      sums.distance += w * D;
      sums.difference += w * F;
    }
    out.covariance = sums.T;
    out.derivative = sums.slope;
    out.distance = sums.distance;
    out.determinant = determinantFrom({ a, b, difference: sums.difference }, sums.distance, sums.T);
  };
  const slopes = quadratureSlopes(activation, kinks, rules);
  const dual = { diagonal, pair, ...(slopes ? { slopes } : {}) };
  // Kinks away from 0 are seen at other angles for every deviation: these have no tables.
  const tabulated = kinks.every((at) => at === 0) && slopes;
  return tabulated ? { ...dual, many: tabulatedPairs(activation, dual, { kinks, rules }) } : dual;
}

/** Below this share of `A + B` a distance taken as a difference has too few digits left. */
const CLOSE = 1e-6;

/**
 * Distance and determinant of an activation whose T is known in closed form but whose distance is not: as differences,
 * or for close pairs by quadrature.
 */
export function closedFormPair(
  activation: Omit<Activation, 'dual'>,
  kernel: (p: GaussianPair) => { readonly covariance: number; readonly derivative: number },
): ActivationDual {
  const close = quadratureDual(activation, [], 72);
  const diagonal = (q: number): { readonly covariance: number; readonly derivative: number } =>
    kernel({ varianceU: q, varianceV: q, covariance: q, distance: 0, determinant: 0 });
  return {
    diagonal,
    pair(p, out) {
      const { covariance, derivative } = kernel(p);
      const a = diagonal(p.varianceU).covariance;
      const b = diagonal(p.varianceV).covariance;
      const distance = Math.max(0, a - covariance + (b - covariance));
      if (p.distance > 0 && distance < CLOSE * (a + b)) {
        close.pair(p, out);
      } else {
        out.distance = distance;
        out.determinant = Math.max(0, a * b - covariance * covariance);
      }
      out.covariance = covariance;
      out.derivative = derivative;
    },
  };
}
