import { type Method, ordersByNoise } from '../method.ts';

/**
 * Platen's explicit scheme of weak order 2 for any noise, Itô; pathwise it is of order ½ where the noise does not commute.
 *
 * With Ῡ = x + h a + g dW, R±_j = x + h a ± √h g_j, U±_j = x ± √h g_j and I_rj = ½(dW_r dW_j + V_rj), V_rr = −h and V_rj = ±h:
 * x' = x + ½h(a + a(Ῡ)) + ¼ Σ_j {[g_j(R⁺_j) + g_j(R⁻_j) + 2 g_j] dW_j + Σ_{r≠j} [g_j(U⁺_r) + g_j(U⁻_r) − 2 g_j] dW_j}
 * + ½ Σ_j {[g_j(R⁺_j) − g_j(R⁻_j)] I_jj + Σ_{r≠j} [g_j(U⁺_r) − g_j(U⁻_r)] I_rj}/√h.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 */
export const platenWeak: Method = {
  name: 'platenWeak',
  calculus: 'ito',
  orders: ordersByNoise({ additive: [1, 2], commuting: [1, 2], general: [0.5, 2] }),
  integrals: 'weakLevyArea',
  prepare({ dimension, noiseDimension: m, drift, diffusion }, paths, h) {
    const size = dimension * paths;
    const root = Math.sqrt(h);
    const [slope, column, stage, part] = [0, 1, 2, 3].map(() => new Float64Array(size));
    const weight = new Float64Array(m * paths);
    const own = new Float64Array(paths);
    const atStart = new Float64Array(m * paths);
    return (t, x, dW, out, integrals) => {
      drift(t, x, slope, paths);
      diffusion!.apply(t, x, dW, part, paths);
      for (let i = 0; i < size; i++) stage[i] = x[i] + h * slope[i] + part[i];
      drift(t + h, stage, part, paths);
      for (let i = 0; i < size; i++) out[i] = x[i] + 0.5 * h * (slope[i] + part[i]);
      // Σ_j g_j(x) dW_j has the weight ½ − ½(m − 1).
      for (let i = 0; i < atStart.length; i++) atStart[i] = (1 - 0.5 * m) * dW[i];
      diffusion!.apply(t, x, atStart, part, paths);
      for (let i = 0; i < size; i++) out[i] += part[i];
      for (let r = 0; r < m; r++) {
        weight.fill(0);
        weight.fill(root, r * paths, (r + 1) * paths);
        diffusion!.apply(t, x, weight, column, paths);
        for (let sign = -1; sign <= 1; sign += 2) {
          for (let j = 0; j < m; j++) {
            for (let p = 0; p < paths; p++) {
              const product = integrals[(r * m + j) * paths + p];
              weight[j * paths + p] = 0.25 * dW[j * paths + p] + (0.5 * sign * product) / root;
            }
          }
          // Noise r itself is taken at R, the others at U.
          own.set(weight.subarray(r * paths, (r + 1) * paths));
          if (m > 1) {
            weight.fill(0, r * paths, (r + 1) * paths);
            for (let i = 0; i < size; i++) stage[i] = x[i] + sign * column[i];
            diffusion!.apply(t, stage, weight, part, paths);
            for (let i = 0; i < size; i++) out[i] += part[i];
          }
          weight.fill(0);
          weight.set(own, r * paths);
          for (let i = 0; i < size; i++) stage[i] = x[i] + h * slope[i] + sign * column[i];
          diffusion!.apply(t + h, stage, weight, part, paths);
          for (let i = 0; i < size; i++) out[i] += part[i];
        }
      }
    };
  },
};
