import { checkFinite } from '@sntk/errors';
import type { Calculus } from '../problem.ts';
import type { ReferenceProblem } from './reference-problem.ts';

/**
 * A rotation of the plane at a noisy rate, dx = J x (w dt + a ∘ dW) with J a quarter turn: one noise for two coordinates.
 *
 * x(t) is x0 turned by w t + a W(t), so |x| stays what it is. Itô: the drift has −½a² x besides. E x is x0 turned by wt,
 * times e^{−a²t/2}.
 *
 * @param options.frequency w
 * @param options.volatility a
 * @param options.calculus 'stratonovich' unless told
 *
 * Source: Kubo, "Stochastic Liouville Equations".
 *
 * @example
 * ```ts
 * import { kuboOscillator } from '@sntk/sde/problems';
 *
 * const out = new Float64Array(2);
 * kuboOscillator({ frequency: 0, volatility: 1 }).solution!(1, Float64Array.of(3, 4), Float64Array.of(2), out, 1);
 * console.log(Math.hypot(...out).toFixed(12)); // 5.000000000000
 * ```
 */
export function kuboOscillator(options: {
  readonly frequency: number;
  readonly volatility: number;
  readonly calculus?: Calculus;
}): ReferenceProblem {
  const { frequency: w, volatility: a, calculus = 'stratonovich' } = options;
  checkFinite('kuboOscillator', 'options', [w, a]);
  const loss = calculus === 'ito' ? (a * a) / 2 : 0;
  return {
    dimension: 2,
    noiseDimension: 1,
    noise: 'scalar',
    calculus,
    drift(_t, x, out, paths) {
      for (let p = 0; p < paths; p++) {
        const [u, v] = [x[p], x[paths + p]];
        out[p] = -w * v - loss * u;
        out[paths + p] = w * u - loss * v;
      }
    },
    diffusion: {
      apply(_t, x, dW, out, paths) {
        for (let p = 0; p < paths; p++) {
          const [u, v] = [x[p], x[paths + p]];
          out[p] = -a * v * dW[p];
          out[paths + p] = a * u * dW[p];
        }
      },
    },
    linear: {
      exponential(h) {
        const size = Math.exp(-loss * h);
        const [c, s] = [size * Math.cos(w * h), size * Math.sin(w * h)];
        return (x, paths) => turn(x, paths, () => [c, s], x);
      },
    },
    solution(t, x0, W, out, paths) {
      turn(x0, paths, (p) => [Math.cos(w * t + a * W[p]), Math.sin(w * t + a * W[p])], out);
    },
    mean(t, x0) {
      const size = Math.exp((-a * a * t) / 2);
      const out = new Float64Array(2);
      turn(Float64Array.from(x0), 1, () => [size * Math.cos(w * t), size * Math.sin(w * t)], out);
      return out;
    },
  };
}

/** Multiplies by c + is, path by path. */
function turn(
  x: Float64Array,
  paths: number,
  factor: (p: number) => readonly [number, number],
  out: Float64Array,
): void {
  for (let p = 0; p < paths; p++) {
    const [c, s] = factor(p);
    const [u, v] = [x[p], x[paths + p]];
    out[p] = c * u - s * v;
    out[paths + p] = s * u + c * v;
  }
}
