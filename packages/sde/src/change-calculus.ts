import type { BlockFunction, Calculus, SdeProblem } from './problem.ts';

/** Differences are taken over this part of the size of the state: the cube root of the rounding. */
const DIFFERENCE = 6e-6;

/**
 * The same process written in the other calculus: a_Stratonovich = a_Itô − ½ Σ_j (∂g_j/∂x) g_j over the columns g_j of the
 * noise.
 *
 * It is how an Itô problem is given to a Stratonovich method and the reverse. With `diffusion.diagonal` the derivative is the
 * one that is given; without, it is a central difference, right to about ten digits, at 3m products g·v a drift. The linear
 * part, if any, goes into the drift.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations".
 *
 * @example
 * ```ts
 * import { changeCalculus } from '@sntk/sde';
 * import { geometricBrownianMotion } from '@sntk/sde/problems';
 *
 * const ito = geometricBrownianMotion({ rate: 0.5, volatility: 1 });
 * const drift = new Float64Array(1);
 * changeCalculus(ito, 'stratonovich').drift(0, Float64Array.of(2), drift, 1);
 * console.log(drift[0]); // 0
 * ```
 */
export function changeCalculus(problem: SdeProblem, to: Calculus): SdeProblem {
  if (problem.calculus === to) return problem;
  const { dimension, noiseDimension, noise, drift, diffusion } = problem;
  if (noise === 'none' || noise === 'additive') return { ...problem, calculus: to };
  const correction = correctionOf(problem);
  const sign = to === 'stratonovich' ? -0.5 : 0.5;
  let sum = new Float64Array(0);
  return {
    dimension,
    noiseDimension,
    noise,
    calculus: to,
    ...(diffusion && { diffusion }),
    drift(t, x, out, paths) {
      if (sum.length !== x.length) sum = new Float64Array(x.length);
      drift(t, x, out, paths);
      correction(t, x, sum, paths);
      for (let i = 0; i < out.length; i++) out[i] += sign * sum[i];
    },
  };
}

/** Σ_j (∂g_j/∂x) g_j. */
function correctionOf({ noiseDimension: m, diffusion }: SdeProblem): BlockFunction {
  const { diagonal } = diffusion!;
  let [g, ahead, behind] = [0, 1, 2].map(() => new Float64Array(0));
  let unit = new Float64Array(0);
  let size = new Float64Array(0);
  return (t, x, out, paths) => {
    if (g.length !== x.length) {
      [g, ahead, behind] = [0, 1, 2].map(() => new Float64Array(x.length));
      unit = new Float64Array(m * paths);
      size = new Float64Array(paths);
    }
    if (diagonal) {
      diagonal.value(t, x, g, paths);
      diagonal.derivative(t, x, out, paths);
      for (let i = 0; i < out.length; i++) out[i] *= g[i];
      return;
    }
    out.fill(0);
    for (let j = 0; j < m; j++) {
      unit.fill(0).fill(1, j * paths, (j + 1) * paths);
      diffusion!.apply(t, x, unit, g, paths);
      // A step along g_j that is small against x, path by path.
      size.fill(0);
      for (let i = 0; i < x.length; i++) {
        const part = Math.abs(g[i]) / (1 + Math.abs(x[i]));
        if (part > size[i % paths]) size[i % paths] = part;
      }
      for (let p = 0; p < paths; p++) size[p] = size[p] > 0 ? DIFFERENCE / size[p] : 1;
      for (let i = 0; i < x.length; i++) {
        ahead[i] = x[i] + size[i % paths] * g[i];
        behind[i] = x[i] - size[i % paths] * g[i];
      }
      diffusion!.apply(t, ahead, unit, g, paths);
      diffusion!.apply(t, behind, unit, ahead, paths);
      for (let i = 0; i < x.length; i++) out[i] += (g[i] - ahead[i]) / (2 * size[i % paths]);
    }
  };
}
