import type { Activation } from './activation.ts';
import { chebyshevNodes, chebyshevTransform, multiply } from './chebyshev.ts';
import type { GaussianRules } from './gaussian-rules.ts';
import {
  type Kind,
  meanSlopeMatrix,
  type PlaneValues,
  planeValues,
  slopeSeries,
  TERMS,
} from './slope-series.ts';

/** Deviations of a panel `[2^k, 2^{k+1}]` at which φ is sampled. */
export const DEVIATIONS = 18;

/** Panels with a table, by their exponent k. */
export const PANELS = { lowest: -20, highest: 1 } as const;

/** Chebyshev coefficients in the deviations of u and v; flat, `[u, v]` or `[u, v, terms]`. */
export interface DualTable {
  readonly terms: number;
  /** Where the octaves of u's and v's deviations begin. */
  readonly lows: readonly [number, number];
  /** Ṫ. */
  readonly slope: Float64Array;
  /** Mean of Ṫ from c up to perfect correlation. */
  readonly mean: Float64Array;
  /** For each degree in v, how many terms matter. */
  readonly lengths: Int32Array;
  readonly longest: number;
  /** T at perfect correlation. */
  readonly top: Float64Array;
  /** `E (φ(u) − φ(v))²` at perfect correlation, over the squared difference of deviations. */
  readonly radial: Float64Array;
  /** `E φ(u)² − E φ(v)²` over the difference of deviations. */
  readonly difference: Float64Array;
  /** `E φ²` by u's deviation and by v's. */
  readonly squares: readonly [Float64Array, Float64Array];
}

/** What a panel contributes to its tables. */
export interface Panel {
  readonly low: number;
  readonly deviations: Float64Array;
  readonly plane: PlaneValues;
}

/** Samples φ' for the deviations from 2^k to 2^{k+1}. */
export function panelOf(activation: Activation, exponent: number, kind: Kind): Panel {
  const low = 2 ** exponent;
  const deviations = chebyshevNodes(DEVIATIONS).map((x) => low * (1.5 + 0.5 * x));
  return { low, deviations, plane: planeValues(activation, { kind, deviations }) };
}

/** Terms below this share of the largest are left out; the last of each direction must be below `SETTLED` of it. */
const NEGLIGIBLE = 4e-15;
const SETTLED = 3e-13;

/** Builds the table of two panels, or nothing where the series have not converged. */
export function buildTable(
  activation: Activation,
  [u, v]: readonly [Panel, Panel],
  rules: GaussianRules,
): DualTable | undefined {
  const terms = TERMS[u.plane.kind];
  const n = DEVIATIONS;
  const slope = slopeSeries(u.plane, v.plane, n);
  const across = meanSlopeMatrix(terms);
  const mean = new Float64Array(slope.length);
  for (let row = 0; row < slope.length; row += terms) {
    mean.set(multiply(across, slope.subarray(row, row + terms), { rows: terms, inner: terms }), row);
  }
  const largest = slope.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const lengths = new Int32Array(n);
  for (let at = 0; at < slope.length; at++) {
    const size = Math.max(Math.abs(slope[at]), Math.abs(mean[at]));
    const [k, b, a] = [at % terms, Math.floor(at / terms) % n, Math.floor(at / (terms * n))];
    if (size > SETTLED * largest && (k >= terms - 2 || b >= n - 1 || a >= n - 1)) return undefined;
    if (size > NEGLIGIBLE * largest) lengths[b] = Math.max(lengths[b], k + 1);
  }
  return {
    terms,
    lows: [u.low, v.low],
    slope,
    mean,
    lengths,
    longest: Math.max(2, ...lengths),
    ...perfectlyCorrelated(activation, [u, v], rules),
  };
}

/** What does not depend on the correlation, by quadrature over one variable. */
function perfectlyCorrelated(
  { value, derivative }: Activation,
  [u, v]: readonly [Panel, Panel],
  rules: GaussianRules,
): Pick<DualTable, 'top' | 'radial' | 'difference' | 'squares'> {
  const n = DEVIATIONS;
  const { nodes, weights } = rules.line(0, Math.max(u.deviations[0], v.deviations[0]));
  const sample = (deviations: Float64Array): Float64Array[] =>
    Array.from(deviations, (each) => nodes.map((s) => value(each * s)));
  const [f, g] = [sample(u.deviations), sample(v.deviations)];
  const [top, radial, difference] = [0, 1, 2].map(() => new Float64Array(n * n));
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      const apart = u.deviations[a] - v.deviations[b];
      const at = a * n + b;
      for (let i = 0; i < nodes.length; i++) {
        const slope =
          apart === 0 ? nodes[i] * derivative(u.deviations[a] * nodes[i]) : (f[a][i] - g[b][i]) / apart;
        top[at] += weights[i] * f[a][i] * g[b][i];
        radial[at] += weights[i] * slope * slope;
        difference[at] += weights[i] * slope * (f[a][i] + g[b][i]);
      }
    }
  }
  const transform = chebyshevTransform(n);
  const line = (values: Float64Array): Float64Array => multiply(transform, values, { rows: n, inner: n });
  /** In both deviations. */
  const plane = (values: Float64Array): Float64Array => transpose(line(transpose(line(values))));
  const squares = ([f, g] as const).map((rows) =>
    line(Float64Array.from(rows, (row) => row.reduce((sum, each, i) => sum + weights[i] * each * each, 0))),
  ) as [Float64Array, Float64Array];
  return { top: plane(top), radial: plane(radial), difference: plane(difference), squares };
}

function transpose(a: Float64Array): Float64Array {
  const n = Math.sqrt(a.length);
  return a.map((_, at) => a[(at % n) * n + Math.floor(at / n)]);
}
