import type { Rule } from './gauss-legendre.ts';
import { type Features, normalRule } from './normal-rule.ts';

/** How far from the real axis φ may be taken as analytic: 3/2, less what a pole of φ'² right there costs. */
const STRIP = 1.35;

const POINT: Rule = { nodes: Float64Array.of(0), weights: Float64Array.of(1) };

/** Rules over standard normal variables for functions of φ with kinks at some places. */
export interface GaussianRules {
  /** For `s` in `φ(offset + deviation · s)`. */
  line(offset: number, deviation: number): Rule;
  /** For `s` in `u = deviation · s` when `v = slope · u + free · t`: it sees the kinks of u and, blurred, those of v. */
  outer(plane: { readonly deviation: number; readonly slope: number; readonly free: number }): Rule;
}

/** The rules for kinks and a number of points per rule. */
export function gaussianRules(kinks: readonly number[], points: number): GaussianRules {
  const centres = kinks.includes(0) ? kinks : [0, ...kinks];
  const features = (offset: number, deviation: number): Features => {
    const wide = deviation > STRIP;
    return {
      breaks: kinks.map((kink) => (kink - offset) / deviation),
      bends: wide ? centres.map((at) => ({ at: (at - offset) / deviation, scale: 1 / deviation })) : [],
      strip: STRIP / deviation,
      points,
    };
  };
  return {
    line: (offset, deviation) => (deviation === 0 ? POINT : normalRule(features(offset, deviation))),
    outer({ deviation, slope, free }) {
      const own = features(0, deviation);
      const stretch = Math.abs(slope) * deviation;
      const blur = stretch === 0 ? Number.POSITIVE_INFINITY : free / stretch;
      if (blur >= 4 || kinks.length === 0) return normalRule(own);
      const seen: number[] = [];
      for (const kink of kinks) {
        for (let step = -3; step <= 3; step++) seen.push(kink / (slope * deviation) + 3 * step * blur);
      }
      return normalRule({ ...own, breaks: [...own.breaks, ...seen] });
    },
  };
}
