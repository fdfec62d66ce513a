import type { SdeProblem } from '../problem.ts';

/** Writes h a(t, x) + g(t, x) dW, `[dimension, paths]`, into `out`: what Runge–Kutta methods on increments are made of. */
export function incrementOf(
  { dimension, drift, diffusion }: SdeProblem,
  paths: number,
  h: number,
): (t: number, x: Float64Array, dW: Float64Array, out: Float64Array) => void {
  const size = dimension * paths;
  const noise = new Float64Array(size);
  return (t, x, dW, out) => {
    drift(t, x, out, paths);
    diffusion?.apply(t, x, dW, noise, paths);
    for (let i = 0; i < size; i++) out[i] = h * out[i] + noise[i];
  };
}
