import { ArgumentError, checkPositive } from '@sntk/errors';
import { toArray } from '@sntk/linalg';
import { type LinearOperator, topEigenpairs } from '@sntk/linalg/operators';
import type { FactoredNoise } from '../covariance.ts';
import { compare, type Measurement } from './measurement.ts';

/** The relative error of the norm, one-sided: what iterations find is never too large. */
const TOLERANCE = 1e-6;

export interface HessianTraceMeasurement extends Measurement {
  /** `Tr[H · ηΣ]` with its sign. */
  readonly trace: number;
  /** `‖H‖_op`, the largest `|eigenvalue|`. */
  readonly hessianNorm: number;
  /** `Tr Σ`. */
  readonly noiseTrace: number;
}

/**
 * The first step of Lemma 5's proof as a measurement: `|Tr[∇²f(x) · ηΣ]|`, MATH (27), against `η ‖∇²f(x)‖_op Tr Σ`.
 *
 * The lemma says that the trace is `O(η n^{−1/2})` because the norm is; `measureRate` over widths tells for both. For the
 * trace alone, without operators, `outputHessianTrace` of `@sntk/mlp` is faster.
 *
 * Source: "Stochastic Neural Tangent Kernel: Revisiting the NTK for SGD", Lemma 5, equation 32.
 *
 * @param H Hessian of one output over the parameters, `[P, P]`, symmetric: see `hvp` of `@sntk/mlp`
 * @param noise `Σ` over the parameters: see `gradientNoise`
 * @throws ArgumentError for two sizes or backends, or a rate that is not above 0.
 * @throws NumericalError when `‖H‖_op` is not found to 1e-6.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { dense } from '@sntk/linalg/operators';
 * import { gradientNoise } from '@sntk/noise';
 * import { measureHessianTrace } from '@sntk/noise/measurements';
 * import { createRng } from '@sntk/random';
 *
 * const backend = ndarrayBackend();
 * const H = dense(tensor([[0, 1], [1, 0]], { backend }));
 * const noise = gradientNoise(tensor([[1, 2]], { backend }), { kind: 'printed', members: [0] });
 * const { trace, bound } = measureHessianTrace(H, noise, { learningRate: 0.5, rng: createRng(1) });
 * console.log(trace, bound.toFixed(9)); // 2 2.500000000
 * ```
 */
export function measureHessianTrace(
  H: LinearOperator,
  noise: FactoredNoise,
  options: { readonly learningRate: number; readonly rng: { normal(): number } },
): HessianTraceMeasurement {
  const where = 'measureHessianTrace';
  const rate = checkPositive(where, 'options.learningRate', options.learningRate);
  if (H.size !== noise.size || H.backend !== noise.backend || H.dtype !== noise.dtype) {
    throw new ArgumentError({
      where,
      argument: 'noise',
      wanted: `of size ${H.size} on backend ${H.backend.name} (${H.dtype}), as H`,
      got: `of size ${noise.size} on backend ${noise.backend.name} (${noise.dtype})`,
    });
  }
  const F = toArray(noise.factor);
  const image = toArray(H.apply(noise.factor));
  let trace = 0;
  for (let p = 0; p < F.length; p++) trace += rate * F[p] * image[p];
  const hessianNorm = largestOf(H, options.rng);
  const noiseTrace = noise.trace();
  const verdict = compare(Math.abs(trace), rate * hessianNorm * noiseTrace, { slack: TOLERANCE });
  return { ...verdict, trace, hessianNorm, noiseTrace };
}

/** The largest `|eigenvalue|`: the root of the largest eigenvalue of the square, which is positive semidefinite. */
function largestOf(H: LinearOperator, rng: { normal(): number }): number {
  const square: LinearOperator = {
    ...H,
    apply: (x) => H.apply(H.apply(x)),
    toDense: () => H.apply(H.toDense()),
  };
  const options = { count: 1, rng, tolerance: TOLERANCE, width: 2, maxDimension: 400 };
  const { values } = topEigenpairs(square, options);
  return Math.sqrt(Math.max(0, values[0]));
}
