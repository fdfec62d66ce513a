import type { Activation, ActivationDual, GaussianPair, PairMoments } from './activation.ts';
import { chebyshevBasis } from './chebyshev.ts';
import { buildTable, DEVIATIONS, type DualTable, PANELS, type Panel, panelOf, SPAN } from './dual-table.ts';
import type { GaussianRules } from './gaussian-rules.ts';
import { correlationGap, determinantFrom } from './pair-algebra.ts';
import type { Kind } from './slope-series.ts';

/** What a table may err, of `√(E φ² E φ²)` and `√(E φ'² E φ'²)`; one that errs more at a trial is not used. */
const ALLOWED = 1e-12;

/**
 * Pairs by interpolation, made for many pairs one after the other with the same `varianceU`: Chebyshev series in both
 * deviations, over octaves of the variance, and in the correlation. Distances are sums of terms that are not negative, so nearly equal
 * pairs keep their digits. What has no table goes to `careful`.
 */
export function tabulatedPairs(
  activation: Activation,
  careful: ActivationDual,
  { kinks, rules }: { readonly kinks: readonly number[]; readonly rules: GaussianRules },
): () => ActivationDual['pair'] {
  const kind: Kind = kinks.length === 0 ? 'smooth' : 'kinked';
  const panels = new Map<number, Panel>();
  const tables = new Map<number, DualTable | undefined>();
  const panel = (exponent: number): Panel => {
    const known = panels.get(exponent) ?? panelOf(activation, exponent, kind);
    panels.set(exponent, known);
    return known;
  };
  /** Tables depend on nothing but φ and the two panels, so it does not matter who asked for them first. */
  const tableOf = (ku: number, kv: number): DualTable | undefined => {
    const inside = [ku, kv].every((k) => k >= PANELS.lowest && k <= PANELS.highest);
    if (!inside) return undefined;
    const key = 64 * ku + kv;
    if (!tables.has(key)) {
      const built = buildTable(activation, [panel(ku), panel(kv)], rules);
      tables.set(key, built && agrees(built, careful) ? built : undefined);
    }
    return tables.get(key);
  };

  return () => {
    let [lastU, ku, kv] = [-1, 0, 0];
    let table: DualTable | undefined;
    const evaluate = tableEvaluator();
    return (p, out) => {
      const { varianceU, varianceV } = p;
      if (!(varianceU > 0 && varianceV > 0)) {
        careful.pair(p, out);
        return;
      }
      const next = octave(varianceV);
      if (varianceU !== lastU || next !== kv) {
        lastU = varianceU;
        ku = octave(varianceU);
        kv = next;
        table = tableOf(ku, kv);
      }
      if (table) evaluate(table, p, out);
      else careful.pair(p, out);
    };
  };
}

/** k of the panel of variances `[2^k, 2^{k+1}]`. */
function octave(variance: number): number {
  return Math.floor(Math.log2(variance));
}

type Evaluator = (table: DualTable, p: GaussianPair, out: PairMoments) => void;

/** Evaluates tables, keeping what belongs to u from one pair to the next. */
function tableEvaluator(): Evaluator {
  const n = DEVIATIONS;
  const basisU = new Float64Array(n);
  const basisV = new Float64Array(n);
  // v may change its panel from pair to pair.
  const rows = new Map<DualTable, Row>();
  let powers = new Float64Array(0);
  return (table, p, out) => {
    const { varianceU, varianceV, covariance } = p;
    const u = Math.sqrt(varianceU);
    const v = Math.sqrt(varianceV);
    let row = rows.get(table);
    if (row?.varianceU !== varianceU) {
      chebyshevBasis((2 * (u / table.lows[0] - 1)) / SPAN - 1, basisU);
      row = contract(table, basisU, varianceU);
      rows.set(table, row);
      if (powers.length !== table.terms) powers = new Float64Array(table.terms);
    }
    chebyshevBasis((2 * (v / table.lows[1] - 1)) / SPAN - 1, basisV);
    const scale = u * v;
    const determinant = Math.max(0, p.determinant);
    const x = (2 / Math.PI) * Math.atan2(Math.sqrt(determinant), covariance) - 1;
    chebyshevBasis(x, powers, table.longest);
    let slope = 0;
    let mean = 0;
    let top = 0;
    let radial = 0;
    let difference = 0;
    let square = 0;
    for (let b = 0; b < n; b++) {
      let s = 0;
      let m = 0;
      const end = b * table.terms + table.lengths[b];
      for (let at = b * table.terms, k = 0; at < end; at++, k++) {
        s += row.slope[at] * powers[k];
        m += row.mean[at] * powers[k];
      }
      const basis = basisV[b];
      slope += basis * s;
      mean += basis * m;
      top += basis * row.top[b];
      radial += basis * row.radial[b];
      difference += basis * row.difference[b];
      square += basis * table.squares[1][b];
    }
    const apart = (varianceU - varianceV) / (u + v);
    const gap = covariance >= 0 ? correlationGap(p) : scale - covariance;
    const lost = gap * mean;
    out.covariance = top - lost;
    out.derivative = slope;
    out.distance = Math.max(0, apart * apart * radial + 2 * lost);
    out.determinant = determinantFrom(
      { a: row.square, b: square, difference: apart * difference },
      out.distance,
      out.covariance,
    );
  };
}

/** A table at one deviation of u. */
interface Row {
  readonly varianceU: number;
  readonly slope: Float64Array;
  readonly mean: Float64Array;
  readonly top: Float64Array;
  readonly radial: Float64Array;
  readonly difference: Float64Array;
  readonly square: number;
}

function contract(table: DualTable, basis: Float64Array, varianceU: number): Row {
  const n = DEVIATIONS;
  const over = (of: Float64Array, length: number): Float64Array => {
    const out = new Float64Array(n * length);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const used = length === 1 ? 1 : table.lengths[b];
        const from = (a * n + b) * length;
        for (let k = 0, to = b * length; k < used; k++) out[to + k] += basis[a] * of[from + k];
      }
    }
    return out;
  };
  return {
    varianceU,
    slope: over(table.slope, table.terms),
    mean: over(table.mean, table.terms),
    top: over(table.top, 1),
    radial: over(table.radial, 1),
    difference: over(table.difference, 1),
    square: table.squares[0].reduce((sum, each, a) => sum + each * basis[a], 0),
  };
}

/** Deviations within the panel and correlations at which a new table is tried. */
const TRIALS = [
  [1.04, 1.38, 0.98],
  [1.39, 1.21, -0.71],
  [1.41, 1.4, 0.35],
  [1.41, 1.4, 1 - 1e-7],
];

/** Whether a table gives the careful moments within what is allowed. */
function agrees(table: DualTable, careful: ActivationDual): boolean {
  const evaluate = tableEvaluator();
  return TRIALS.every(([a, b, rho]) => {
    const [u, v] = [a * table.lows[0], b * table.lows[1]];
    const pair = {
      varianceU: u * u,
      varianceV: v * v,
      covariance: rho * u * v,
      distance: (u - v) ** 2 + 2 * (1 - rho) * u * v,
      determinant: (1 - rho) * (1 + rho) * (u * v) ** 2,
    };
    const [found, exact] = [0, 1].map(() => ({ covariance: 0, derivative: 0, distance: 0, determinant: 0 }));
    evaluate(table, pair, found);
    careful.pair(pair, exact);
    const [A, B] = [careful.diagonal(u * u), careful.diagonal(v * v)];
    const near = (name: 'covariance' | 'derivative'): boolean =>
      Math.abs(found[name] - exact[name]) <= ALLOWED * Math.sqrt(A[name] * B[name]);
    return near('covariance') && near('derivative');
  });
}
