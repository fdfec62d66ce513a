import type { Architecture } from '@sntk/architecture';
import { checkFinite, NumericalError } from '@sntk/errors';
import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import { checkMatrix } from './checks.ts';
import { empiricalNtk } from './empirical-ntk.ts';
import { forward } from './forward.ts';
import { checkParameters } from './layout.ts';
import { linearize } from './taylor.ts';

/** How far training has left the lazy regime; all are 0 at the start but the alignments. */
export interface LazyMeters {
  /** `‖θ − θ₀‖ / ‖θ₀‖`. */
  readonly parameterChange: number;
  /** `‖Θ̂ − Θ̂₀‖_F / ‖Θ̂₀‖_F`. */
  readonly kernelChange: number;
  /** Centered alignment of `Θ̂` and `Θ̂₀`, 1 at the start. */
  readonly kernelAlignment: number;
  /** Centered alignment of `Θ̂` and `y yᵀ`, when targets are given. */
  readonly targetAlignment?: number;
  /** `max_x |f(x; θ) − f_lin(x; θ)|`, over outputs too. */
  readonly linearizationGap: number;
}

/**
 * Measures at `X` how far parameters `theta` are from the lazy regime around `theta0`. For several outputs the kernel is the
 * trace over outputs.
 *
 * Sources: Chizat, Oyallon and Bach, "On Lazy Training in Differentiable Programming"; Kornblith and others, "Similarity of
 * Neural Network Representations Revisited".
 *
 * @throws ArgumentError when an argument does not fit the architecture or is not finite.
 * @throws NumericalError where a ratio has no meaning: `theta0` of zeros, a kernel that is 0 after centering.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { initialize, lazyMeters } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [32] });
 * const theta0 = initialize(network, { rng: createRng(1) });
 * const theta = theta0.map((t) => 1.01 * t);
 * const X = tensor([[-1], [0], [1]], { backend: ndarrayBackend() });
 * console.log(lazyMeters(network, theta0, theta, { X }).parameterChange.toFixed(6)); // 0.010000
 * ```
 */
export function lazyMeters(
  architecture: Architecture,
  theta0: FloatArray,
  theta: FloatArray,
  options: { readonly X: Tensor; readonly Y?: Tensor },
): LazyMeters {
  const { X, Y } = options;
  checkParameters('lazyMeters', architecture, theta0, 'theta0');
  checkParameters('lazyMeters', architecture, theta);
  const N = X.shape[0];
  const K0 = toArray(empiricalNtk(architecture, theta0, { X, outputs: 'trace' }));
  const K = toArray(empiricalNtk(architecture, theta, { X, outputs: 'trace' }));
  const outputs = forward(architecture, theta, X);
  const f = toArray(outputs);
  const linear = toArray(linearize(architecture, theta0)(theta, X));
  let linearizationGap = 0;
  for (let i = 0; i < f.length; i++)
    linearizationGap = Math.max(linearizationGap, Math.abs(f[i] - linear[i]));
  if (Y) {
    checkMatrix('lazyMeters', 'options.Y', Y, outputs.shape);
    checkFinite('lazyMeters', 'options.Y', toArray(Y));
  }
  return {
    parameterChange: relativeChange('theta0', theta, theta0),
    kernelChange: relativeChange('the kernel at theta0', K, K0),
    kernelAlignment: centeredAlignment(K, K0, N),
    ...(Y ? { targetAlignment: centeredAlignment(K, toArray(matmul(Y, Y, { transposeB: true })), N) } : {}),
    linearizationGap,
  };
}

function relativeChange(name: string, a: FloatArray, from: FloatArray): number {
  let change = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    change += (a[i] - from[i]) ** 2;
    size += from[i] ** 2;
  }
  if (size === 0) throw new NumericalError({ where: 'lazyMeters', found: `${name} is 0` });
  return Math.sqrt(change / size);
}

/** `⟨HKH, HLH⟩ / (‖HKH‖ ‖HLH‖)` with the centering `H = I − 11ᵀ/N`. */
function centeredAlignment(K: FloatArray, L: FloatArray, N: number): number {
  const [a, b] = [center(K, N), center(L, N)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa === 0 || bb === 0) {
    throw new NumericalError({
      where: 'lazyMeters',
      found: 'a kernel is 0 after centering',
      fix: 'give points that the network and the targets tell apart',
    });
  }
  return ab / Math.sqrt(aa * bb);
}

function center(K: FloatArray, N: number): Float64Array {
  const rows = new Float64Array(N);
  let mean = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) rows[i] += K[i * N + j] / N;
    mean += rows[i] / N;
  }
  // The kernels are symmetric, so the means of columns are those of rows.
  return Float64Array.from(K, (k, at) => k - rows[Math.floor(at / N)] - rows[at % N] + mean);
}
