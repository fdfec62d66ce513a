import { gaussLegendre, type Rule } from './gauss-legendre.ts';

/** Beyond this many deviations the normal distribution holds 2e-19. */
export const REACH = 9;

/** What makes an integrand over a standard normal variable hard. */
export interface Features {
  /** Where the integrand or a derivative jumps. */
  readonly breaks: readonly number[];
  /** Points on whose sides it bends within a length below 1: panels grow geometrically from there. */
  readonly bends: readonly { readonly at: number; readonly scale: number }[];
  /** Distance to the nearest complex singularity away from breaks, for the step of the trapezoid rule. */
  readonly strip: number;
  readonly points: number;
}

/**
 * A rule for expectations over N(0, 1): the trapezoid rule, which converges geometrically, where nothing is broken or
 * bent; Gauss–Legendre panels between the breaks where something is.
 */
export function normalRule(features: Features): Rule {
  const { points, strip } = features;
  const breaks = features.breaks.filter((at) => Math.abs(at) < REACH);
  const bends = features.bends.filter(({ at, scale }) => Math.abs(at) < REACH + 1 && scale < 1);
  if (breaks.length === 0 && bends.length === 0) return trapezoid(Math.ceil(points * refinement(strip)));
  const edges = [...breaks];
  for (let edge = -REACH; edge <= REACH; edge += 3) edges.push(edge);
  for (const { at, scale } of bends) {
    edges.push(at);
    for (let reach = scale; reach < 3; reach *= 2) edges.push(at - reach, at + reach);
  }
  return panels(edges, Math.ceil(points / 4));
}

/**
 * Steps of the trapezoid rule, in shares of `points`: a pole at a distance `a` from the axis leaves an error of about
 * `exp(a²/2 − 2πa/step)`, so that the steps for a given error are as `A/a + B a`, and fewest at 8, where poles stop to matter.
 */
function refinement(strip: number): number {
  const distance = Math.min(strip, 8);
  return Math.min(2, 1.5 / distance + 0.0235 * distance);
}

const density = (s: number): number => Math.exp((-s * s) / 2) / Math.sqrt(2 * Math.PI);

const TRAPEZOIDS = new Map<number, Rule>();

function trapezoid(count: number): Rule {
  const known = TRAPEZOIDS.get(count);
  if (known) return known;
  const width = (2 * REACH) / count;
  const nodes = Float64Array.from({ length: count + 1 }, (_, i) => -REACH + i * width);
  const rule = { nodes, weights: nodes.map((s) => width * density(s)) };
  TRAPEZOIDS.set(count, rule);
  return rule;
}

function panels(edges: number[], points: number): Rule {
  const inside = Float64Array.from(edges.filter((edge) => Math.abs(edge) <= REACH)).sort();
  const rule = gaussLegendre(points);
  const nodes = new Float64Array((inside.length - 1) * points);
  const weights = new Float64Array(nodes.length);
  let at = 0;
  for (let e = 1; e < inside.length; e++) {
    const [middle, half] = [(inside[e] + inside[e - 1]) / 2, (inside[e] - inside[e - 1]) / 2];
    if (half === 0) continue;
    for (let i = 0; i < points; i++, at++) {
      nodes[at] = middle + half * rule.nodes[i];
      weights[at] = half * rule.weights[i] * density(nodes[at]);
    }
  }
  return { nodes: nodes.subarray(0, at), weights: weights.subarray(0, at) };
}
