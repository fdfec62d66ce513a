import { checkPositive } from '@sntk/errors';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * Motion in a double well, dx = (x − x³) dt + s dW: paths stay about 1 or −1 and change over now and then.
 *
 * The long-run density is proportional to exp((x² − x⁴/2)/s²). The drift grows faster than linearly: from far out explicit
 * methods explode, where `tamedEuler` and `implicitEuler` (with the `driftSolve` that is given) do not.
 *
 * @param options.volatility s > 0
 *
 * Source: Gardiner, "Handbook of Stochastic Methods".
 *
 * @example
 * ```ts
 * import { doubleWell } from '@sntk/sde/problems';
 *
 * const density = doubleWell({ volatility: 0.5 }).stationaryDensity!;
 * console.log((density(1) / density(0)).toFixed(4)); // 7.3891
 * ```
 */
export function doubleWell(options: { readonly volatility: number }): ReferenceProblem {
  const s = checkPositive('doubleWell', 'options.volatility', options.volatility);
  // Taken from its value at the bottom of the wells, so that nothing overflows for little noise.
  const weight = (x: number): number => Math.exp((x * x - 0.5 * x ** 4 - 0.5) / (s * s));
  // The trapezoidal rule converges faster than any power for such a function.
  const reach = Math.sqrt(1 + 10 * Math.max(1, s));
  const nodes = Math.ceil(200 * reach * (1 + 1 / s));
  let mass = 0;
  for (let i = -nodes; i <= nodes; i++) mass += (weight((reach * i) / nodes) * reach) / nodes;
  return {
    dimension: 1,
    noiseDimension: 1,
    noise: 'additive',
    calculus: 'ito',
    drift(_t, x, out) {
      for (let p = 0; p < out.length; p++) out[p] = x[p] * (1 - x[p] * x[p]);
    },
    diffusion: {
      apply(_t, _x, dW, out) {
        for (let p = 0; p < out.length; p++) out[p] = s * dW[p];
      },
    },
    driftSolve: (h) => (_t, x, r) => {
      for (let p = 0; p < r.length; p++) r[p] /= 1 - h * (1 - 3 * x[p] * x[p]);
    },
    stationaryDensity: (x) => weight(x) / mass,
  };
}
