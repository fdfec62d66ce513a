import type { Activation } from './activation.ts';
import { chebyshevNodes, chebyshevTransform, multiply } from './chebyshev.ts';
import { gaussLegendre } from './gauss-legendre.ts';

/** Whether φ' jumps at 0. That makes `Ṫ` singular in ρ at ±1; in θ it is smooth either way, and so expanded. */
export type Kind = 'smooth' | 'kinked';

/** φ' on the plane at several deviations, as Chebyshev coefficients in the deviation. */
export interface PlaneValues {
  readonly kind: Kind;
  /** Coefficients `[deviations, nodes]` of φ' on each sheet of the plane. */
  readonly sheets: readonly Float64Array[];
}

/** Terms of Chebyshev series in `x = 2θ/π − 1`. */
export const TERMS: Readonly<Record<Kind, number>> = { smooth: 72, kinked: 48 };

/** Modes `cos kθ` from which those of smooth φ are made. */
const MODES = 128;

const RADII: Readonly<Record<Kind, number>> = { smooth: 64, kinked: 44 };
const REACH = 9;
/** Nodes across a sector between kinks. */
const ACROSS = 28;

/** Radii with the weights of `r e^{−r²/2} dr`. */
function radii(count: number): { readonly r: Float64Array; readonly weights: Float64Array } {
  const { nodes, weights } = gaussLegendre(count);
  const r = nodes.map((x) => (REACH / 2) * (1 + x));
  return { r, weights: weights.map((w, i) => (REACH / 2) * w * r[i] * Math.exp((-r[i] * r[i]) / 2)) };
}

/** φ' of `deviation · r · cos α` over the plane in polar coordinates, for some deviations. */
export function planeValues(
  activation: Activation,
  { kind, deviations }: { readonly kind: Kind; readonly deviations: Float64Array },
): PlaneValues {
  const toSeries = chebyshevTransform(deviations.length);
  const size = { rows: deviations.length, inner: deviations.length };
  const sheet = (sample: (deviation: number) => Float64Array): Float64Array => {
    const rows = Array.from(deviations, sample);
    const block = new Float64Array(rows.length * rows[0].length);
    rows.forEach((row, a) => {
      block.set(row, a * row.length);
    });
    return multiply(toSeries, block, size);
  };
  const { derivative } = activation;
  if (kind === 'smooth') return { kind, sheets: [sheet((s) => cosineModes(derivative, s))] };
  return {
    kind,
    sheets: [1, -1].map((sign) => sheet((s) => sectorValues(derivative, sign * s))),
  };
}

/** Remembers what depends on one number alone. */
function remembered(make: (n: number) => Float64Array): (n: number) => Float64Array {
  const known = new Map<number, Float64Array>();
  return (n) => {
    const result = known.get(n) ?? make(n);
    known.set(n, result);
    return result;
  };
}

/** Steps of the trapezoid rule over a quarter of the circle. */
const QUARTER = MODES;

/** `cos kα` at `α = πn/(2 QUARTER)`, n = 0 to QUARTER, for even or odd k, times the rule's weights. */
const quarterModes = remembered((parity) => {
  const matrix = new Float64Array((MODES / 2) * (QUARTER + 1));
  for (let k = parity, at = 0; k < MODES; k += 2) {
    for (let n = 0; n <= QUARTER; n++, at++) {
      const weight = (n === 0 || n === QUARTER ? 0.5 : 1) / (2 * QUARTER);
      matrix[at] = weight * Math.cos((Math.PI * k * n) / (2 * QUARTER));
    }
  }
  return matrix;
});

/** `∫ f(s r cos α) cos kα dα/2π` at each radius times the root of its weight, `[terms, radii]`. */
function cosineModes(f: (h: number) => number, deviation: number): Float64Array {
  const { r: at, weights } = radii(RADII.smooth);
  const count = at.length;
  // cos kα is even or odd about π/2 as k is.
  const folded = [0, 1].map(() => new Float64Array((QUARTER + 1) * count));
  for (let n = 0; n <= QUARTER; n++) {
    const cosine = Math.cos((Math.PI * n) / (2 * QUARTER));
    for (let i = 0; i < count; i++) {
      const [before, after] = [f(deviation * at[i] * cosine), f(-deviation * at[i] * cosine)];
      const root = Math.sqrt(weights[i]);
      folded[0][n * count + i] = root * (before + after);
      folded[1][n * count + i] = root * (before - after);
    }
  }
  const out = new Float64Array(MODES * count);
  for (const parity of [0, 1] as const) {
    const size = { rows: MODES / 2, inner: QUARTER + 1 };
    const modes = multiply(quarterModes(parity), folded[parity], size);
    for (let k = 0; k < size.rows; k++) {
      out.set(modes.subarray(k * count, (k + 1) * count), (2 * k + parity) * count);
    }
  }
  return out;
}

/** `f(s r cos(θ/2 + t))` for |t| < (π − θ)/2, where the cosine keeps its sign, `[θ nodes, t, radii]`. */
function sectorValues(f: (h: number) => number, deviation: number): Float64Array {
  const across = gaussLegendre(ACROSS).nodes;
  const { r: distances } = radii(RADII.kinked);
  const out = new Float64Array(TERMS.kinked * ACROSS * distances.length);
  let at = 0;
  for (const x of chebyshevNodes(TERMS.kinked)) {
    const angle = (Math.PI / 2) * (1 + x);
    for (const t of across) {
      const cosine = Math.max(Number.MIN_VALUE, Math.cos(angle / 2 + ((Math.PI - angle) / 2) * t));
      for (const r of distances) out[at++] = f(deviation * r * cosine);
    }
  }
  return out;
}

/** Coefficients of Ṫ `[deviations of u, deviations of v, terms]` from both sides' values on the plane. */
export function slopeSeries(u: PlaneValues, v: PlaneValues, count: number): Float64Array {
  return u.kind === 'smooth'
    ? smoothSeries(u.sheets[0], v.sheets[0], count)
    : kinkedSeries(u.sheets, v.sheets, count);
}

/** From `Σ_k m_k ε_k cos kθ`, ε = 1, 2, 2, …, to Chebyshev coefficients, `[terms, MODES]`. */
const fromModes = remembered((terms) => {
  const cosines = new Float64Array(terms * MODES);
  chebyshevNodes(terms).forEach((x, j) => {
    for (let k = 0; k < MODES; k++) {
      cosines[j * MODES + k] = (k === 0 ? 1 : 2) * Math.cos((k * Math.PI * (1 + x)) / 2);
    }
  });
  return multiply(chebyshevTransform(terms), cosines, { rows: terms, inner: terms });
});

function smoothSeries(u: Float64Array, v: Float64Array, count: number): Float64Array {
  const [terms, width] = [TERMS.smooth, RADII.smooth];
  const out = new Float64Array(count * count * terms);
  const modes = new Float64Array(MODES);
  for (let a = 0, at = 0; a < count; a++) {
    for (let b = 0; b < count; b++, at += terms) {
      for (let k = 0; k < MODES; k++) {
        const [from, to] = [(a * MODES + k) * width, (b * MODES + k) * width];
        modes[k] = 0;
        for (let i = 0; i < width; i++) modes[k] += u[from + i] * v[to + i];
      }
      out.set(multiply(fromModes(terms), modes, { rows: terms, inner: MODES }), at);
    }
  }
  return out;
}

function kinkedSeries(u: readonly Float64Array[], v: readonly Float64Array[], count: number): Float64Array {
  const terms = TERMS.kinked;
  const { weights: along } = radii(RADII.kinked);
  const width = along.length;
  const cell = ACROSS * width;
  const nodes = chebyshevNodes(terms);
  const { weights: across } = gaussLegendre(ACROSS);
  const values = new Float64Array(terms * count * count);
  const weighted = new Float64Array(cell);
  /** Adds one pair of signs: a sector of opening π − angle, in which v runs against u. */
  const add = (of: readonly [Float64Array, Float64Array], from: number, to: number): void => {
    const half = (Math.PI / 4) * (1 - nodes[from]);
    for (let a = 0; a < count; a++) {
      for (let t = 0; t < ACROSS; t++) {
        const scale = (across[t] * half) / (2 * Math.PI);
        const start = (a * terms + from) * cell + (ACROSS - 1 - t) * width;
        for (let i = 0; i < width; i++) {
          weighted[t * width + i] = scale * along[i] * of[0][start + i];
        }
      }
      for (let b = 0; b < count; b++) {
        let sum = 0;
        const start = (b * terms + from) * cell;
        for (let i = 0; i < cell; i++) sum += weighted[i] * of[1][start + i];
        values[to * count * count + a * count + b] += sum;
      }
    }
  };
  for (let k = 0; k < terms; k++) {
    add([u[0], v[0]], k, k);
    add([u[1], v[1]], k, k);
    // Of opposite signs the sector is that of the supplement, which is a node as well.
    add([u[0], v[1]], terms - 1 - k, k);
    add([u[1], v[0]], terms - 1 - k, k);
  }
  const series = multiply(chebyshevTransform(terms), values, { rows: terms, inner: terms });
  const out = new Float64Array(series.length);
  for (let k = 0; k < terms; k++) {
    for (let ab = 0; ab < count * count; ab++) out[ab * terms + k] = series[k * count * count + ab];
  }
  return out;
}

/**
 * The matrix `[terms, terms]` from the coefficients of Ṫ to those of its mean over the covariances from c up to perfect
 * correlation, `(T(θ=0) − T(θ))/(√(qq') (1 − cos θ))`.
 */
export const meanSlopeMatrix: (terms: number) => Float64Array = remembered((terms) => {
  const { nodes, weights } = gaussLegendre(terms);
  const means = new Float64Array(terms * terms);
  chebyshevNodes(terms).forEach((x, j) => {
    const angle = (Math.PI / 2) * (1 + x);
    for (let i = 0; i < terms; i++) {
      const share = (1 + nodes[i]) / 2;
      const weight = (weights[i] * angle * Math.sin(angle * share)) / (4 * Math.sin(angle / 2) ** 2);
      const arc = Math.acos((1 + x) * share - 1);
      for (let k = 0; k < terms; k++) means[j * terms + k] += weight * Math.cos(k * arc);
    }
  });
  return multiply(chebyshevTransform(terms), means, { rows: terms, inner: terms });
});
