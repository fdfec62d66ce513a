import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkInteger } from '@sntk/errors';
import { type FloatArray, matmul, type Tensor, tensor, toArray } from '@sntk/linalg';
import { backwardSignals, pickOutput } from './backward.ts';
import { type ForwardPass, forwardPass } from './forward.ts';

export interface EmpiricalNtkOptions {
  readonly X: Tensor;
  /** Other points; `X` itself unless told. */
  readonly Z?: Tensor;
  /** The pair of outputs whose block is wanted; `[0, 0]` unless told. */
  readonly outputs?: readonly [number, number];
}

/**
 * The tangent kernel of a finite network, `Θ̂(x, z) = Σ_p ∂_p f(x) ∂_p f(z)`, MATH (7), `[N, M]`.
 *
 * Computed layer by layer without the Jacobian, MATH (8): two products `[N, n] · [n, M]` for each layer. `X` against
 * itself is symmetric to the last bit.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; the contraction as in Novak, Sohl-Dickstein and
 * Schoenholz, "Fast Finite Width Neural Tangent Kernel".
 *
 * @throws ArgumentError when points or outputs do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { empiricalNtk, initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [256, 256] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const X = tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() });
 * console.log(empiricalNtk(network, theta, { X }).shape); // [2, 2]
 * ```
 */
export function empiricalNtk(
  architecture: Architecture,
  theta: FloatArray,
  options: EmpiricalNtkOptions,
): Tensor {
  const { X, Z, outputs: [o, p] = [0, 0] } = options;
  const passX = forwardPass(architecture, theta, X);
  const passZ = Z ? forwardPass(architecture, theta, Z) : passX;
  const count = passX.blocks.at(-1)!.outputs;
  for (const output of [o, p]) {
    checkInteger('empiricalNtk', 'options.outputs', output);
    if (output >= count) {
      throw new ArgumentError({
        where: 'empiricalNtk',
        argument: 'options.outputs',
        wanted: `outputs below ${count}`,
        got: [o, p],
      });
    }
  }
  const symmetric = !Z && o === p;
  const signalsX = backwardSignals(passX, pickOutput(X, count, o));
  const signalsZ = symmetric ? signalsX : backwardSignals(passZ, pickOutput(Z ?? X, count, p));
  const N = X.shape[0];
  const M = (Z ?? X).shape[0];
  const kernel = new Float64Array(N * M);
  passX.blocks.forEach((_, l) => {
    addLayer(kernel, passX, passZ, { l, signalX: signalsX[l], signalZ: signalsZ[l] });
  });
  if (symmetric) mirror(kernel, N);
  return tensor(kernel, { backend: X.backend, dtype: X.dtype, shape: [N, M] });
}

function addLayer(
  kernel: Float64Array,
  passX: ForwardPass,
  passZ: ForwardPass,
  at: { l: number; signalX: Tensor; signalZ: Tensor },
): void {
  const { weightScale, biasScale } = passX.blocks[at.l];
  const products = toArray(matmul(passX.inputs[at.l], passZ.inputs[at.l], { transposeB: true }));
  const signals = toArray(matmul(at.signalX, at.signalZ, { transposeB: true }));
  const w = weightScale * weightScale;
  const b = biasScale * biasScale;
  for (let i = 0; i < kernel.length; i++) kernel[i] += (w * products[i] + b) * signals[i];
}

function mirror(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}
