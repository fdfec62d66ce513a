import type { KernelSpectrum } from './spectrum.ts';

/** Whose moments: kernel SGD, step for step, or the SDE with its exact or its leading covariance. */
export type MomentModel = 'sgd' | 'exact' | 'leading';

/** The constants of the moment equations in the eigenbasis. */
export interface MomentRates {
  readonly model: MomentModel;
  readonly learningRate: number;
  /** `c_b`. */
  readonly factor: number;
  /** What label noise adds to each `Var α_i`: in one step for SGD, in one unit of time for the SDEs. */
  readonly floor: number;
  /** Length of the shortest interval: one step for SGD, a time for the SDEs. */
  readonly unit: number;
}

/**
 * The exact flow of `Cov a` over an interval of `units`, for pairs of modes `[N, N]`, while the diagonal of the second
 * moment is a straight line `d_0 + (d_1 − d_0) s/units` over it:
 * `D ← kept ∘ D + gain/N (constant ∘ G_0 + linear ∘ (G_1 − G_0)/units) − centred ∘ c cᵀ`, with `G = Qᵀ diag(d) Q`.
 */
export interface MomentTables {
  readonly units: number;
  readonly kept: Float64Array;
  readonly constant: Float64Array;
  readonly linear: Float64Array;
  /** What is due to `ḡ ḡᵀ` of the mean: `(σ − kept)/(λ_i λ_j)` with `σ_ij` the decay of `c_i c_j`. */
  readonly centred: Float64Array;
  /** The decay of `c c ᵀ`, `[N, N]`. */
  readonly square: Float64Array;
}

/** `(z − 1 + e^{−z})/z²`, by its series where that cancels. */
function phi2(z: number): number {
  if (z > 0.5) return (z + Math.expm1(-z)) / (z * z);
  let sum = 0;
  let term = 0.5;
  for (let n = 3; n < 20; n++) {
    sum += term;
    term *= -z / n;
  }
  return sum;
}

/** Tables of the shortest interval. */
export function unitTables(spectrum: KernelSpectrum, rates: MomentRates): MomentTables {
  const { values, samples: N } = spectrum;
  const { model, learningRate: eta, factor, unit } = rates;
  const size = N * N;
  const [kept, constant, linear] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const [centred, square] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      const at = i * N + j;
      const product = values[i] * values[j];
      if (model === 'sgd') {
        square[at] = (1 - (eta * values[i]) / N) * (1 - (eta * values[j]) / N);
        centred[at] = (eta * eta * factor) / (N * N);
        kept[at] = square[at] - centred[at] * product;
        constant[at] = 1;
      } else {
        const both = ((values[i] + values[j]) * unit) / N;
        const extra = model === 'exact' ? (eta * factor * unit) / (N * N) : 0;
        const z = both + extra * product;
        square[at] = Math.exp(-both);
        centred[at] =
          product > 0 ? (-square[at] * Math.expm1(-extra * product)) / product : square[at] * extra;
        kept[at] = Math.exp(-z);
        constant[at] = z > 0 ? (-Math.expm1(-z) / z) * unit : unit;
        linear[at] = unit * phi2(z);
      }
    }
  }
  return { units: 1, kept, constant, linear, centred, square };
}

/** Tables of twice the interval. Nothing cancels: where rates are positive every term is. */
export function doubled(tables: MomentTables): MomentTables {
  const { units, kept, constant, linear, centred, square } = tables;
  const next = {
    units: 2 * units,
    kept: new Float64Array(kept.length),
    constant: new Float64Array(kept.length),
    linear: new Float64Array(kept.length),
    centred: new Float64Array(kept.length),
    square: new Float64Array(kept.length),
  };
  for (let p = 0; p < kept.length; p++) {
    next.kept[p] = kept[p] * kept[p];
    next.constant[p] = constant[p] * (1 + kept[p]);
    next.linear[p] = linear[p] * (1 + kept[p]) + units * constant[p];
    next.centred[p] = centred[p] * (square[p] + kept[p]);
    next.square[p] = square[p] * square[p];
  }
  return next;
}
