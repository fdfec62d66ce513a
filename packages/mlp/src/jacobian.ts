import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkInteger } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import { pickOutput } from './backward.ts';
import { checkOutputs } from './checks.ts';
import { type Jet, tensorLike, zerosLike } from './jet.ts';
import { backwardSignals, type DropoutOption, type Pass, runPass } from './pass.ts';
import { planOf } from './plan.ts';

/** A GiB of float64. */
const MAX_ENTRIES = 2 ** 27;

export interface JacobianOptions extends DropoutOption {
  readonly X: Tensor;
  /** The most entries that may be made; 2²⁷, one GiB of float64, unless told. */
  readonly maxEntries?: number;
}

/**
 * The Jacobian `∂f_o(x_n)/∂θ_p`, `[N, O, P]`, written out: for small networks and for checks.
 *
 * The size is checked before anything is computed; `jvp`, `vjp` and `empiricalNtk` do without it. Same dtype as `X`.
 *
 * @throws ArgumentError when `N · O · P` is over `maxEntries`, or `X` or `theta` does not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { jacobian } from '@sntk/mlp';
 *
 * const scales = { weightScale: 1, biasScale: 1 };
 * const line = fullyConnected({ inputs: 1, hidden: [], parameterization: scales });
 * const X = tensor([[2], [3]], { backend: ndarrayBackend() });
 * console.log(toArray(jacobian(line, new Float64Array([5, 7]), { X }))); // [2, 1, 3, 1]
 * ```
 */
export function jacobian(architecture: Architecture, theta: FloatArray, options: JacobianOptions): Tensor {
  const { X, dropout } = options;
  const plan = planOf(architecture);
  const [N, O, P] = [X.shape[0], plan.outputs, plan.size];
  checkEntries('jacobian', [N, O, P], options.maxEntries);
  const pass = runPass(plan, theta, X, { where: 'jacobian', dropout });
  const J = zerosLike(X, N * O * P);
  for (let o = 0; o < O; o++) {
    const signals = backwardSignals(pass, pickOutput(X, O, o));
    for (let n = 0; n < N; n++)
      writeGradient(pass, signals, n, J.subarray((n * O + o) * P, (n * O + o + 1) * P));
  }
  return tensorLike(X, J, [N, O, P]);
}

/**
 * The gradient of each example, `Σ_o cotangent[n, o] ∂f_o(x_n)/∂θ_p`, `[N, P]`: `vjp` before its sum over examples.
 *
 * With `cotangent[n] = ∂ℓ_n/∂f(x_n)` the rows are the `g_n` whose covariance is the noise of SGD, MATH (22).
 *
 * @throws ArgumentError when `N · P` is over `maxEntries`, or an argument does not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { exampleGradients } from '@sntk/mlp';
 *
 * const scales = { weightScale: 1, biasScale: 1 };
 * const line = fullyConnected({ inputs: 1, hidden: [], parameterization: scales });
 * const backend = ndarrayBackend();
 * const X = tensor([[2], [3]], { backend });
 * const cotangent = tensor([[1], [-1]], { backend });
 * console.log(toArray(exampleGradients(line, new Float64Array([5, 7]), { X, cotangent }))); // [2, 1, -3, -1]
 * ```
 */
export function exampleGradients(
  architecture: Architecture,
  theta: FloatArray,
  options: JacobianOptions & { readonly cotangent: Tensor },
): Tensor {
  const { X, cotangent, dropout } = options;
  const pass = runPass(architecture, theta, X, { where: 'exampleGradients', dropout });
  checkOutputs('exampleGradients', 'options.cotangent', cotangent, pass);
  const N = X.shape[0];
  const P = theta.length;
  checkEntries('exampleGradients', [N, P], options.maxEntries);
  const G = zerosLike(X, N * P);
  const signals = backwardSignals(pass, cotangent);
  for (let n = 0; n < N; n++) writeGradient(pass, signals, n, G.subarray(n * P, (n + 1) * P));
  return tensorLike(X, G, [N, P]);
}

/** The gradient of example `n` alone: in each layer the product of its signal and its input, summed over sites. */
export function writeGradient(pass: Pass, signals: readonly Jet[], n: number, out: FloatArray): void {
  pass.plan.blocks.forEach((block, l) => {
    const { inputs, outputs, weights, bias, weightScale, biasScale, sites } = block;
    const signal = toArray(signals[l].value);
    const input = toArray(pass.inputs[l].value);
    // A site's share is added to those before it; the first one takes their place.
    for (let at = n * sites; at < (n + 1) * sites; at++) {
      const first = at === n * sites;
      for (let i = 0; i < outputs; i++) {
        const delta = signal[at * outputs + i];
        out[bias + i] = first ? biasScale * delta : out[bias + i] + biasScale * delta;
        const row = weights + i * inputs;
        for (let j = 0; j < inputs; j++) {
          const share = weightScale * (delta * input[at * inputs + j]);
          out[row + j] = first ? share : out[row + j] + share;
        }
      }
    }
  });
}

function checkEntries(where: string, shape: readonly number[], maxEntries = MAX_ENTRIES): void {
  checkInteger(where, 'options.maxEntries', maxEntries, 1);
  const entries = shape.reduce((product, extent) => product * extent, 1);
  if (entries > maxEntries) {
    throw new ArgumentError({
      where,
      argument: 'options.X',
      wanted: `small enough for ${maxEntries} entries`,
      got: `[${shape.join(', ')}], which is ${entries}`,
      fix: 'take fewer rows, jvp and vjp, or raise options.maxEntries',
    });
  }
}
