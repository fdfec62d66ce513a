import { type FillOptions, keyedNormals, type Rng } from '@sntk/random';

/** Writes the Itô integrals I_jk of a step into `out` `[m, m, paths]`, from its dW and ∫(W_s − W_t) ds. */
export type AreaSource = (step: number, dW: Float64Array, dZ: Float64Array, out: Float64Array) => void;

/** I_jk = ½(dW_j dW_k − δ_jk h) + A_jk with A antisymmetric; `area` is asked for j < k, which are pair number `pair`. */
export function fillIntegrals(
  dW: Float64Array,
  out: Float64Array,
  shape: { readonly m: number; readonly paths: number; readonly h: number },
  area: (j: number, k: number, p: number, pair: number) => number,
): void {
  const { m, paths, h } = shape;
  for (let j = 0; j < m; j++) {
    const pairs = j * m - (j * (j + 1)) / 2;
    for (let p = 0; p < paths; p++) {
      const w = dW[j * paths + p];
      out[(j * m + j) * paths + p] = 0.5 * (w * w - h);
      for (let k = j + 1; k < m; k++) {
        const half = 0.5 * w * dW[k * paths + p];
        const a = area(j, k, p, pairs + k - j - 1);
        out[(j * m + k) * paths + p] = half + a;
        out[(k * m + j) * paths + p] = half - a;
      }
    }
  }
}

/**
 * Terms of the series that keep strong order 1 over `steps` equal steps of m noises: the mean square errors of
 * `fourierAreas`, m h²/(12π² terms²) at most, add up to no more than h².
 */
export function areaTerms(m: number, steps: number): number {
  return Math.ceil(Math.sqrt((m * steps) / 12) / Math.PI);
}

/**
 * Iterated integrals from the Fourier series of the Brownian bridge, of which `terms` are drawn.
 *
 * A_jk = H_j dW_k − H_k dW_j + π Σ_r r (a_jr b_kr − b_jr a_kr) with H = ∫(W_s − W_t) ds/h − dW/2 and a_r, b_r normal of
 * variance h/(2π²r²). The coefficients are conditioned on the H that is given. The rest of the sum has, as H is exact,
 * uncorrelated entries of variance h²/(2π²) Σ_{r > terms} r⁻², and is replaced by one normal each of that variance: so
 * Var A_jk = h²/4, and areas with the true law exist on the same increments within √m h/(√12 π terms) in root mean square,
 * where leaving the rest out would err by ≈ h/(√2 π √terms).
 *
 * Source: Kloeden, Platen and Wright, "The Approximation of Multiple Stochastic Integrals"; for the rest, Wiktorsson, "Joint
 * Characteristic Function and Simultaneous Simulation of Iterated Itô Integrals for Multiple Independent Brownian Motions",
 * and Mrongowius and Rößler, "On the Approximation and Simulation of Iterated Stochastic Integrals and the Corresponding
 * Lévy Areas in Terms of a Multidimensional Brownian Motion", whose bound this is.
 */
export function fourierAreas(
  streams: readonly Rng[],
  m: number,
  options: { readonly h: number; readonly terms: number },
): AreaSource {
  const { h, terms } = options;
  const paths = streams.length;
  const shape = { m, paths, h };
  const pairs = (m * (m - 1)) / 2;
  // Σ_{r > n} r⁻², summed from the small end.
  let head = 0;
  for (let r = terms; r >= 1; r--) head += 1 / (r * r);
  const tail = Math.max(0, Math.PI ** 2 / 6 - head);
  const base = Math.sqrt(h / 2) / Math.PI;
  const rest = base * Math.sqrt(tail);
  const restArea = (h / (Math.SQRT2 * Math.PI)) * Math.sqrt(tail);
  const normals = streams.map(() => new Float64Array(2 * m * terms + m + pairs));
  const H = new Float64Array(m * paths);
  const fillOptions: FillOptions = {};
  return (step, dW, dZ, out) => {
    for (let p = 0; p < paths; p++) {
      const z = normals[p];
      keyedNormals(streams[p], step, z, fillOptions);
      for (let j = 0; j < m; j++) {
        // Numbers from 2 m terms on are the rest of Σ a_r, then the rest of every area.
        let sum = rest * z[2 * m * terms + j];
        for (let r = 1; r <= terms; r++) sum += (base / r) * z[(2 * r - 2) * m + j];
        const i = j * paths + p;
        H[i] = dZ[i] / h - 0.5 * dW[i];
        // Σ a_r over all r is −H; conditioning moves a_r by its share 6/(π² r²) of what is missing.
        const missing = -H[i] - sum;
        for (let r = 1; r <= terms; r++) {
          z[(2 * r - 2) * m + j] += ((6 / (Math.PI * r) ** 2) * missing * r) / base;
        }
      }
    }
    fillIntegrals(dW, out, shape, (j, k, p, pair) => {
      const z = normals[p];
      let sum = 0;
      for (let r = 1; r <= terms; r++) {
        const a = (2 * r - 2) * m;
        const b = a + m;
        sum += (z[a + j] * z[b + k] - z[b + j] * z[a + k]) / r;
      }
      return (
        H[j * paths + p] * dW[k * paths + p] -
        H[k * paths + p] * dW[j * paths + p] +
        Math.PI * base * base * sum +
        restArea * z[2 * m * terms + m + pair]
      );
    });
  };
}

/** Iterated integrals whose areas are ±h/2, which have the right moments for weak order 2. */
export function weakAreas(streams: readonly Rng[], m: number, h: number): AreaSource {
  const paths = streams.length;
  const shape = { m, paths, h };
  const signs = streams.map(() => new Float64Array(Math.max(1, (m * (m - 1)) / 2)));
  return (step, dW, _dZ, out) => {
    for (let p = 0; p < paths; p++) keyedNormals(streams[p], step, signs[p]);
    fillIntegrals(dW, out, shape, (_j, _k, p, pair) => (signs[p][pair] < 0 ? -0.5 * h : 0.5 * h));
  };
}
