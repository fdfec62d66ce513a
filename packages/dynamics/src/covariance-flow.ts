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
    for (let m = 0; m < N; m++) {
      let second = r[m] * r[m];
      for (let p = m * N; p < (m + 1) * N; p++) second += QC[p] * q[p];
      // No second moment is negative, whatever the extrapolation says.
      const root = Math.sqrt(Math.max(0, second));
      for (let p = m * N; p < (m + 1) * N; p++) scaled[p] = root * q[p];
    }
    return { units, c, G: toFloat64(syrk(factor(scaled, N), { transpose: true, triangle: 'lower' })) };
  };

  const step = (start: Start, D: Float64Array, tables: MomentTables, out: Float64Array): void => {
    const { kept, constant, linear, centred, units } = tables;
    const { c, G } = start;
    for (let i = 0; i < N; i++) {
      const ci = rates.model === 'leading' ? 0 : c[i];
      for (let j = 0, p = i * N; j <= i; j++, p++) {
        out[p] = kept[p] * D[p] + gain * constant[p] * G[p] - centred[p] * ci * c[j];
      }
      out[i * N + i] += rates.floor * constant[i * N + i];
    }
    if (rates.model === 'sgd' && units === 1) return;
    const end = at(start.units + units, out).G;
    const slope = gain / units;
    for (let i = 0; i < N; i++) {
      for (let p = i * N; p <= i * N + i; p++) out[p] += slope * linear[p] * (end[p] - G[p]);
    }
  };

  const distance: CovarianceFlow['distance'] = (a, b, { c, tables: { centred } }) => {
    let [gap, size, heavyGap, heavySize] = [0, 0, 0, 0];
    for (let i = 0; i < N; i++) {
      for (let j = 0, p = i * N; j <= i; j++, p++) {
        const weight = values[i] * values[j];
        // Each pair below the diagonal stands for two entries.
        const share = j < i ? 2 * weight : weight;
        // Where all gradients are equal there is no noise, but rounding of the two terms that cancel.
        const rounding = CANCELLATION * centred[p] * c[i] * c[j];
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
  };

  const extrapolate = (fine: Float64Array, coarse: Float64Array): void => {
    for (let i = 0; i < N; i++) {
      for (let p = i * N; p <= i * N + i; p++) fine[p] += (fine[p] - coarse[p]) / 3;
    }
  };

  return { at, step, extrapolate, distance, dispose: () => forth.dispose() };
}

/** `Λ D Λ` from the lower triangle of `D`: the covariance of the residual from that of `a`, in the eigenbasis. */
export function residualPairs(values: Float64Array, D: Float64Array, out: Float64Array): void {
  const N = values.length;
  for (let i = 0; i < N; i++) {
    for (let j = 0, p = i * N; j <= i; j++, p++) out[p] = D[p] * values[i] * values[j];
  }
  mirrorLower(N, out);
}
