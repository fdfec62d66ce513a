import type { Step } from '../method.ts';
import type { SdeProblem } from '../problem.ts';

/**
 * Milstein's step without derivatives,
 * x' = x + h a + g dW + Σ_j [g(t, x + h a + √h g_j) − g(t, x)] I_j/√h, where g_j is column j and I_j the integrals I_j1 … I_jm
 * that `integrals` holds, or ½(dW_j dW − h e_j) when the noise commutes and none are given.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { milsteinStages } from '@sntk/sde/extending';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const step = milsteinStages(geometricBrownianMotion({ rate: 0, volatility: 1 }), 1, 0.25);
 * const out = new Float64Array(1);
 * step(0, Float64Array.of(1), Float64Array.of(0.5), out, new Float64Array(0));
 * // 1 + dW + ½ (dW² − h), here without the last term.
 * console.log(out[0]); // 1.5
 * ```
 */
export function milsteinStages(problem: SdeProblem, paths: number, h: number): Step {
  const { dimension, noiseDimension: m, drift, diffusion, noise } = problem;
  const size = dimension * paths;
  const root = Math.sqrt(h);
  const ahead = new Float64Array(size);
  const stage = new Float64Array(size);
  const part = new Float64Array(size);
  const unit = new Float64Array(m * paths);
  const row = new Float64Array(m * paths);
  const left = new Float64Array(m * paths);
  // Coordinates with noises of their own are done at once.
  const alone = noise === 'diagonal' || m === 1;
  const fillRow = (j: number, dW: Float64Array, integrals: Float64Array): void => {
    if (alone) {
      for (let i = 0; i < row.length; i++) row[i] = (0.5 * (dW[i] * dW[i] - h)) / root;
    } else if (integrals.length > 0) {
      for (let i = 0; i < row.length; i++) row[i] = integrals[j * m * paths + i] / root;
    } else {
      for (let k = 0; k < m; k++) {
        for (let p = 0; p < paths; p++) {
          const product = dW[j * paths + p] * dW[k * paths + p] - (j === k ? h : 0);
          row[k * paths + p] = (0.5 * product) / root;
        }
      }
    }
  };
  return (t, x, dW, out, integrals) => {
    drift(t, x, out, paths);
    for (let i = 0; i < size; i++) {
      ahead[i] = x[i] + h * out[i];
      out[i] = ahead[i];
    }
    left.set(dW);
    for (let j = 0; j < (alone ? 1 : m); j++) {
      unit.fill(0);
      if (alone) unit.fill(root);
      else unit.fill(root, j * paths, (j + 1) * paths);
      diffusion!.apply(t, x, unit, stage, paths);
      for (let i = 0; i < size; i++) stage[i] += ahead[i];
      fillRow(j, dW, integrals);
      diffusion!.apply(t, stage, row, part, paths);
      for (let i = 0; i < size; i++) out[i] += part[i];
      for (let i = 0; i < left.length; i++) left[i] -= row[i];
    }
    diffusion!.apply(t, x, left, part, paths);
    for (let i = 0; i < size; i++) out[i] += part[i];
  };
}
