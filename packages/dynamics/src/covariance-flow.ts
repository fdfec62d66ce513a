import { prepare, syrk, type Tensor, toFloat64 } from '@sntk/linalg';
import { mirrorLower } from '@sntk/linalg/extending';
import { toModes } from './modes.ts';
import type { MomentRates, MomentTables } from './moment-tables.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** A covariance below this share of what cancels in it is rounding. */
const CANCELLATION = 1e-12;

/** What a step needs of its start: `c = Qᵀ E r` and `G = Qᵀ diag(S) Q`. */
export interface Start {
  readonly units: number;
  readonly c: Float64Array;
  readonly G: Float64Array;
}

/**
 * Intervals of the covariance equation, in the eigenbasis. Matrices of pairs of modes are symmetric: only what is on and
 * below their diagonals is read and written.
 */
export interface CovarianceFlow {
  at(units: number, D: Float64Array): Start;
  /** Writes `D` after an interval of the tables' length to `out`. */
  step(start: Start, D: Float64Array, tables: MomentTables, out: Float64Array): void;
  /** Adds to `fine` a third of what it differs from `coarse` by. */
  extrapolate(fine: Float64Array, coarse: Float64Array): void;
  /** The larger of the relative distances in the norms of `Cov r` and of `√K Cov α √K`, which bounds variances at every point by K(x, x). */
  distance(
    a: Float64Array,
    b: Float64Array,
    over: { readonly c: Float64Array; readonly tables: MomentTables },
  ): number;
  dispose(): void;
}

/** The flow of `Cov a` from the residual `r0`. */
export function covarianceFlow(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  rates: MomentRates,
): CovarianceFlow {
  const { Q, values, samples: N } = spectrum;
  const gain = ((rates.model === 'sgd' ? rates.learningRate ** 2 : rates.learningRate) * rates.factor) / N;
  const c0 = toModes(spectrum, r0, 1);
  const q = toFloat64(Q);
  const forth = prepare(Q);
  // The factors of the two products, in arrays that are used again and again.
  const [C, scaled] = [new Float64Array(N * N), new Float64Array(N * N)];
  const factor = (entries: Float64Array, columns: number): Tensor =>
    Q.backend.upload(entries, [N, columns], true);
  const meanModes = (units: number): Float64Array =>
    c0.map((value, j) =>
      rates.model === 'sgd'
        ? value * (1 - (rates.learningRate * values[j]) / N) ** units
        : value * Math.exp((-values[j] * units * rates.unit) / N),
    );

  const at = (units: number, D: Float64Array): Start => {
    const c = meanModes(units);
    residualPairs(values, D, C);
    const QC = toFloat64(forth.times(factor(C, N)));
    const r = toFloat64(forth.times(factor(c, 1)));
    scaleRows(q, QC, r, scaled);
    return { units, c, G: toFloat64(syrk(factor(scaled, N), { transpose: true, triangle: 'lower' })) };
  };

  const step = (start: Start, D: Float64Array, tables: MomentTables, out: Float64Array): void => {
    advance(start, D, { tables, gain, noMean: rates.model === 'leading', floor: rates.floor }, out);
    if (rates.model === 'sgd' && tables.units === 1) return;
    const end = at(start.units + tables.units, out);
    correct(out, start.G, end.G, { linear: tables.linear, slope: gain / tables.units, N });
  };

  return {
    at,
    step,
    extrapolate: (fine, coarse) => extrapolate(N, fine, coarse),
    distance: (a, b, { c, tables }) => distance(a, b, { values, c, centred: tables.centred }),
    dispose: () => forth.dispose(),
  };
}

// The loops are functions of their own whose numbers are all local: engines run them three times as fast as in the closures above.

/** `Λ D Λ` from the lower triangle of `D`: the covariance of the residual from that of `a`, in the eigenbasis. */
export function residualPairs(values: Float64Array, D: Float64Array, out: Float64Array): void {
  const N = values.length;
  for (let i = 0; i < N; i++) {
    const value = values[i];
    for (let j = 0, p = i * N; j <= i; j++, p++) out[p] = D[p] * value * values[j];
  }
  mirrorLower(N, out);
}

/** Writes the rows of `Q` times the roots of `diag(S)`, the diagonal of `Q C Qᵀ` and the squared mean. */
function scaleRows(q: Float64Array, QC: Float64Array, r: Float64Array, out: Float64Array): void {
  const N = r.length;
  for (let m = 0; m < N; m++) {
    const [from, to] = [m * N, (m + 1) * N];
    // Two sums side by side: each addition waits for the one before it.
    let even = r[m] * r[m];
    let odd = N % 2 === 1 ? QC[to - 1] * q[to - 1] : 0;
    for (let p = from; p + 1 < to; p += 2) {
      even += QC[p] * q[p];
      odd += QC[p + 1] * q[p + 1];
    }
    // No second moment is negative, whatever the extrapolation says.
    const root = Math.sqrt(Math.max(0, even + odd));
    for (let p = from; p < to; p++) out[p] = root * q[p];
  }
}

interface Advance {
  readonly tables: MomentTables;
  readonly gain: number;
  /** Leave out what is due to the mean gradient. */
  readonly noMean: boolean;
  readonly floor: number;
}

/** An interval with `diag(S)` as it is at the start. */
function advance(
  { c, G }: Start,
  D: Float64Array,
  { tables: { kept, constant, centred }, gain, noMean, floor }: Advance,
  out: Float64Array,
): void {
  const N = c.length;
  for (let i = 0; i < N; i++) {
    const ci = noMean ? 0 : c[i];
    for (let j = 0, p = i * N; j <= i; j++, p++) {
      out[p] = kept[p] * D[p] + gain * constant[p] * G[p] - centred[p] * ci * c[j];
    }
    out[i * N + i] += floor * constant[i * N + i];
  }
}

/** What a straight line from `G` to `end` adds. */
function correct(
  out: Float64Array,
  G: Float64Array,
  end: Float64Array,
  { linear, slope, N }: { readonly linear: Float64Array; readonly slope: number; readonly N: number },
): void {
  for (let i = 0; i < N; i++) {
    const to = i * N + i;
    for (let p = i * N; p <= to; p++) out[p] += slope * linear[p] * (end[p] - G[p]);
  }
}

function extrapolate(N: number, fine: Float64Array, coarse: Float64Array): void {
  for (let i = 0; i < N; i++) {
    const to = i * N + i;
    for (let p = i * N; p <= to; p++) fine[p] += (fine[p] - coarse[p]) / 3;
  }
}

interface Norms {
  readonly values: Float64Array;
  readonly c: Float64Array;
  readonly centred: Float64Array;
}

function distance(a: Float64Array, b: Float64Array, { values, c, centred }: Norms): number {
  const N = c.length;
  let gap = 0;
  let size = 0;
  let heavyGap = 0;
  let heavySize = 0;
  for (let i = 0; i < N; i++) {
    const value = values[i];
    const ci = CANCELLATION * c[i];
    for (let j = 0, p = i * N; j <= i; j++, p++) {
      const weight = value * values[j];
      // Each pair below the diagonal stands for two entries.
      const share = j < i ? 2 * weight : weight;
      // Where all gradients are equal there is no noise, but rounding of the two terms that cancel.
      const rounding = centred[p] * ci * c[j];
      const apart = (a[p] - b[p]) * (a[p] - b[p]) * share;
      const whole = (a[p] * a[p] + rounding * rounding) * share;
      gap += apart;
      size += whole;
      heavyGap += apart * weight;
      heavySize += whole * weight;
    }
  }
  const relative = (part: number, all: number): number => (part === 0 ? 0 : Math.sqrt(part / all));
  return Math.max(relative(gap, size), relative(heavyGap, heavySize));
}
