import type { Activation, GaussianPair, PairSlopes } from './activation.ts';
import type { GaussianRules } from './gaussian-rules.ts';
import { setSlopes } from './pair-slopes.ts';

/**
 * `∂T/∂q = ½ E[φ''(u) φ(v)]`, `∂Ṫ/∂c = E[φ''(u) φ''(v)]` and, by Stein's lemma, `∂Ṫ/∂q = (E[u φ''(u) φ'(v)] −
 * c ∂Ṫ/∂c)/2q`. A jump J of φ' at 0 makes φ'' a delta there: it adds integrals over one variable, and `−J²/2π` by the
 * angle.
 *
 * Undefined where φ jumps, or φ' does away from 0: the moments then have terms that this does not see.
 */
export function quadratureSlopes(
  activation: Activation,
  kinks: readonly number[],
  rules: GaussianRules,
): ((pair: GaussianPair, out: PairSlopes) => void) | undefined {
  const { value, derivative, secondDerivative } = activation;
  const jump = (f: (h: number) => number, at: number): number => {
    const beside = 1e-9 * Math.max(1, Math.abs(at));
    const difference = f(at + beside) - f(at - beside);
    return Math.abs(difference) > 1e-6 * (Math.abs(f(at + 1)) + Math.abs(f(at - 1))) ? difference : 0;
  };
  if (kinks.some((at) => jump(value, at) !== 0 || (at !== 0 && jump(derivative, at) !== 0))) return undefined;
  const J = kinks.includes(0) ? jump(derivative, 0) : 0;

  /** Means over the plane, `u` being the variable of larger variance. */
  const means = (q: number, c: number, determinant: number): Means => {
    const deviation = Math.sqrt(q);
    const slope = q === 0 ? 0 : c / q;
    const free = q === 0 ? 0 : Math.sqrt(Math.max(0, determinant) / q);
    const sums = { slope: 0, f2f: 0, ff2: 0, bend: 0, uf2f1: 0, vf1f2: 0 };
    const outer = deviation === 0 ? rules.line(0, 0) : rules.outer({ deviation, slope, free });
    outer.nodes.forEach((s, i) => {
      const u = deviation * s;
      const [f, f1, f2] = [value(u), derivative(u), secondDerivative(u)];
      const inner = rules.line(slope * u, free);
      inner.nodes.forEach((t, j) => {
        const v = slope * u + free * t;
        const w = outer.weights[i] * inner.weights[j];
        const [g1, g2] = [derivative(v), secondDerivative(v)];
        sums.slope += w * f1 * g1;
        sums.f2f += w * f2 * value(v);
        sums.ff2 += w * f * g2;
        sums.bend += w * f2 * g2;
        sums.uf2f1 += w * u * f2 * g1;
        sums.vf1f2 += w * v * f1 * g2;
      });
    });
    return sums;
  };
  /** `J · density(u = 0) · E[f(v) | u = 0]` of variances q of u and `rest` of v given u. */
  const atKink = (f: (h: number) => number, q: number, rest: number): number => {
    if (J === 0) return 0;
    const deviation = Math.sqrt(Math.max(0, rest));
    const rule = rules.line(0, deviation);
    const mean = rule.nodes.reduce((sum, s, i) => sum + rule.weights[i] * f(deviation * s), 0);
    return (J * mean) / Math.sqrt(2 * Math.PI * q);
  };

  return (p, out) => {
    const swap = p.varianceU < p.varianceV;
    const { varianceU: q, varianceV: r, covariance: c, determinant } = p;
    const sums = means(swap ? r : q, c, determinant);
    const [f2f, ff2] = swap ? [sums.ff2, sums.f2f] : [sums.f2f, sums.ff2];
    const [byU, byV] = swap ? [sums.vf1f2, sums.uf2f1] : [sums.uf2f1, sums.vf1f2];
    const [restV, restU] = [determinant / q, determinant / r];
    const bend = sums.bend + atKink(secondDerivative, q, restV) + atKink(secondDerivative, r, restU);
    setSlopes(
      out,
      {
        covariance: [(f2f + atKink(value, q, restV)) / 2, (ff2 + atKink(value, r, restU)) / 2, sums.slope],
        derivative: [(byU - c * bend) / (2 * q), (byV - c * bend) / (2 * r), bend],
      },
      { derivative: (-J * J) / (2 * Math.PI) },
    );
  };
}

interface Means {
  readonly slope: number;
  readonly f2f: number;
  readonly ff2: number;
  readonly bend: number;
  readonly uf2f1: number;
  readonly vf1f2: number;
}
