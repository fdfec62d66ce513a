import type { Taps } from '@sntk/architecture/extending';
import { type GapTerms, gapOfSum, gapTerms } from './gap-sum.ts';
import type { SpatialStep } from './plan.ts';
import { eachRow, type Pairs, plainGap, type Sides, type Sites } from './spatial-state.ts';

type Windows = Extract<SpatialStep, { kind: 'windows' }>;

/** One example's variances and Θ after a dense layer over windows. */
export function windowSites(
  { taps, affine }: Windows,
  before: Sites,
  theta: Float64Array,
): { readonly variances: Float64Array; readonly theta: Float64Array } {
  const { weightVariance: w, biasVariance: b, weightGain, biasGain } = affine;
  const { size, outputs } = taps;
  const [variances, thetas] = [new Float64Array(outputs), new Float64Array(outputs)];
  sumSites(taps, { covariance: before.variances, ntk: theta }, { covariance: variances, ntk: thetas });
  for (let a = 0; a < outputs; a++) {
    const mean = variances[a] / size;
    variances[a] = w * mean + b;
    thetas[a] = weightGain * mean + biasGain + w * (thetas[a] / size);
  }
  return { variances, theta: thetas };
}

/**
 * Pairs after a dense layer over windows: `Σ_{pp'} ← (σ_w²/|W|) Σ_δ Σ_{p+δ, p'+δ} + σ_b²`, and Θ with the gains of its
 * parameterization, MATH (6).
 *
 * Sources: Novak and others, "Bayesian Deep Convolutional Networks with Many Channels are Gaussian Processes"; Arora and
 * others, "On Exact Computation with an Infinitely Wide Neural Net".
 */
export function windowPairs(
  { taps, affine }: Windows,
  input: Pairs,
  out: Pairs,
  { before, after }: { readonly before: Sides; readonly after: Sides },
): void {
  const { weightVariance: w, biasVariance: b, weightGain, biasGain } = affine;
  const { full } = input;
  const { size, sites, inputs } = taps;
  // The bias is a term, too.
  const bias = b > 0 ? 1 : 0;
  let room: GapTerms | undefined;
  const nearGap = (a: number, z: number, at: number): number => {
    room ??= termsOf(taps, affine);
    const terms = room;
    for (let k = 0; k < size; k++) {
      const ia = sites[a * size + k];
      const iz = sites[z * size + k];
      const pair = ia < 0 || iz < 0 ? -1 : full ? ia * inputs + iz : ia;
      const term = k + bias;
      terms.u[term] = ia < 0 ? 0 : before.u.roots[ia];
      terms.v[term] = iz < 0 ? 0 : before.v.roots[iz];
      terms.covariances[term] = pair < 0 ? 0 : input.covariance[pair];
      terms.gaps[term] = pair < 0 ? 0 : input.gap[pair];
    }
    return gapOfSum(terms, {
      count: size + bias,
      varianceU: after.u.variances[a],
      scale: after.u.roots[a] * after.v.roots[z],
      covariance: out.covariance[at],
    });
  };

  if (full) sumRows(taps, input, out);
  else sumSites(taps, input, out);
  eachRow(out, (a, from, to, start) => {
    const rootU = after.u.roots[a];
    for (let z = from; z < to; z++) {
      const at = start + z;
      const mean = out.covariance[at] / size;
      const covariance = w * mean + b;
      out.covariance[at] = covariance;
      out.ntk[at] = weightGain * mean + biasGain + w * (out.ntk[at] / size);
      const plain = plainGap(rootU * after.v.roots[z], covariance);
      out.gap[at] = plain >= 0 ? plain : nearGap(a, z, at);
    }
  });
}

/** Room for the terms of a window, after one of covariance 1 for the bias if there is one. */
function termsOf({ size }: Taps, { weightVariance, biasVariance }: Windows['affine']): GapTerms {
  const terms = gapTerms(size + 1);
  terms.weights.fill(weightVariance / size);
  if (biasVariance > 0) {
    terms.weights[0] = biasVariance;
    terms.u[0] = 1;
    terms.v[0] = 1;
    terms.covariances[0] = 1;
  }
  return terms;
}

type Sums = Pick<Pairs, 'covariance' | 'ntk'>;

/** Sums over windows, of what is given for each site. */
function sumSites({ size, sites, outputs }: Taps, from: Sums, to: Sums): void {
  for (let a = 0; a < outputs; a++) {
    let sum = 0;
    let ntkSum = 0;
    for (let k = a * size; k < (a + 1) * size; k++) {
      const site = sites[k];
      if (site < 0) continue;
      sum += from.covariance[site];
      ntkSum += from.ntk[site];
    }
    to.covariance[a] = sum;
    to.ntk[a] = ntkSum;
  }
}

/** Sums over pairs that have the same place in their windows, in the order of {@link sumSites}. */
function sumRows({ size, sites, inputs, outputs }: Taps, from: Sums, to: Sums): void {
  const { covariance, ntk } = from;
  // What a row sees: places in the window, and starts of the rows of pairs there.
  const places = new Int32Array(size);
  const rows = new Int32Array(size);
  for (let a = 0; a < outputs; a++) {
    let seen = 0;
    for (let k = 0; k < size; k++) {
      const site = sites[a * size + k];
      if (site < 0) continue;
      places[seen] = k;
      rows[seen++] = site * inputs;
    }
    for (let z = 0; z < outputs; z++) {
      let sum = 0;
      let ntkSum = 0;
      for (let k = 0; k < seen; k++) {
        const site = sites[z * size + places[k]];
        if (site < 0) continue;
        sum += covariance[rows[k] + site];
        ntkSum += ntk[rows[k] + site];
      }
      to.covariance[a * outputs + z] = sum;
      to.ntk[a * outputs + z] = ntkSum;
    }
  }
}
