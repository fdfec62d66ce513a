import { checkFinite } from '@sntk/errors';
import { type Tensor, toArray } from '@sntk/linalg';
import type { FactoredNoise } from './covariance.ts';
import { checkMatrix } from './kernel-columns.ts';
import { type NoiseLaw, noiseOf } from './noise-law.ts';

/**
 * The noise of one minibatch gradient from the gradients of the examples themselves, the rows of `G` `[N, P]`:
 * `Cov(ĝ)` over parameters, MATH (22)–(25), for any network and any loss.
 *
 * `exampleGradients` of `@sntk/mlp` gives `G`. Rows in other coordinates give the noise there: `G Jᵀ`, with the Jacobian
 * `J` at some points, is the noise in function space of `functionNoise` with the empirical kernel. The factor is a copy
 * of `G`; where `N · P` is too much, `implicitGradientNoise` keeps nothing.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD".
 *
 * @throws ArgumentError for what is not a matrix of finite numbers, for a minibatch that cannot be drawn, and for members
 * that are not examples.
 * @throws NumericalError when a variance overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { gradientNoise } from '@sntk/noise';
 *
 * const G = tensor([[1, 0], [0, 1], [-1, -1]], { backend: ndarrayBackend() });
 * const noise = gradientNoise(G, { kind: 'exact', batch: 2, replacement: true });
 * console.log(toArray(noise.toDense()).map((c) => Number(c.toFixed(3)))); // Float64Array [0.333, 0.167, 0.167, 0.333]
 * ```
 */
export function gradientNoise(G: Tensor, law: NoiseLaw): FactoredNoise {
  checkMatrix('gradientNoise', 'G', G);
  const [N, P] = G.shape;
  const g = toArray(G);
  checkFinite('gradientNoise', 'G', g);
  return noiseOf('gradientNoise', law, {
    samples: N,
    size: P,
    entry: (p, i) => g[i * P + p],
    like: G,
  });
}
