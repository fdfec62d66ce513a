import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkInteger, checkLength, NumericalError } from '@sntk/errors';
import { type Tensor, toArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { empiricalNtk } from './empirical-ntk.ts';
import { average, errorOf, fitLine } from './estimates.ts';
import { initialize } from './initialize.ts';

export interface NtkConvergenceOptions {
  /** The network at a width; the rest of it stays the same. */
  readonly network: (width: number) => Architecture;
  /** At least two different widths. */
  readonly widths: readonly number[];
  /** Initializations at each width, at least 2. */
  readonly draws: number;
  readonly X: Tensor;
  /** The kernel of infinite width at `X`, `[N, N]`; see `analyticKernel` of `@sntk/kernels`. */
  readonly exact: Tensor;
  readonly rng: Rng;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface NtkConvergence {
  readonly widths: readonly number[];
  /** Mean over draws of `‖Θ̂ − Θ‖_F / ‖Θ‖_F`, a width each. */
  readonly errors: Float64Array;
  readonly standardErrors: Float64Array;
  /** Slope of log error on log width; −½ where the kernel concentrates as `n^{−1/2}`. */
  readonly slope: number;
  readonly slopeError: number;
}

/**
 * How fast the empirical tangent kernel, MATH (7), comes to the analytic one, MATH (5), with the width: the mean relative
 * distance at each width and the slope of its logarithm, fitted by least squares weighted by the standard errors.
 *
 * Source of the limit: Jacot, Gabriel and Hongler, "Neural Tangent Kernel".
 *
 * @throws ArgumentError for fewer than two widths or draws, or an `exact` of another size.
 * @throws NumericalError when all draws of a width are equally far off, so that there is no scatter to weigh them by.
 * @example
 * ```ts
 * import { fullyConnected, linear } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { ntkConvergence } from '@sntk/mlp/experiments';
 * import { createRng } from '@sntk/random';
 *
 * // One hidden linear layer, no biases, σ_w² = 1: the kernel at x = 1 is 2.
 * const backend = ndarrayBackend();
 * const { slope } = ntkConvergence({
 *   network: (width) =>
 *     fullyConnected({ inputs: 1, hidden: [width], activation: linear, weightVariance: 1, biasVariance: 0 }),
 *   widths: [16, 64, 256],
 *   draws: 400,
 *   X: tensor([[1]], { backend }),
 *   exact: tensor([[2]], { backend }),
 *   rng: createRng(1),
 * });
 * console.log(slope.toFixed(1)); // -0.5
 * ```
 */
export function ntkConvergence(options: NtkConvergenceOptions): NtkConvergence {
  const { network, widths, draws, X, rng, signal, onProgress } = options;
  const where = 'ntkConvergence';
  checkInteger(where, 'options.draws', draws, 2);
  if (new Set(widths).size < 2) {
    throw new ArgumentError({
      where,
      argument: 'options.widths',
      wanted: 'two widths at least',
      got: [...widths],
    });
  }
  const exact = toArray(options.exact);
  checkLength(where, 'options.exact', exact, X.shape[0] ** 2, 'a kernel of the rows of X');
  const size = norm(exact);
  const errors = new Float64Array(widths.length);
  const standardErrors = new Float64Array(widths.length);
  widths.forEach((width, at) => {
    const architecture = network(width);
    const distances = new Float64Array(draws);
    for (let i = 0; i < draws; i++) {
      signal?.throwIfAborted();
      const theta = initialize(architecture, { rng: rng.split(width).split(i), dtype: X.dtype });
      const kernel = toArray(empiricalNtk(architecture, theta, { X }));
      distances[i] = norm(kernel.map((k, p) => k - exact[p])) / size;
      onProgress?.({ done: at * draws + i + 1, total: widths.length * draws });
    }
    errors[at] = average(distances);
    standardErrors[at] = errorOf(distances);
    if (!(standardErrors[at] > 0)) {
      throw new NumericalError({
        where,
        found: `all ${draws} draws of width ${width} are ${errors[at]} off`,
        fix: 'compare a kernel that is random at finite width',
      });
    }
  });
  const line = fitLine(
    widths.map(Math.log),
    errors.map(Math.log),
    standardErrors.map((error, at) => error / errors[at]),
  );
  return { widths: [...widths], errors, standardErrors, ...line };
}

function norm(a: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * a[i];
  return Math.sqrt(sum);
}
