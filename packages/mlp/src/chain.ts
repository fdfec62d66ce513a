import type { Architecture } from '@sntk/architecture';
import { checkInteger, UnavailableError } from '@sntk/errors';
import { type Backend, type DenseChain, type FloatArray, ndarrayBackend } from '@sntk/linalg';
import { checkParameters } from './layout.ts';
import { chainLayers, type Plan, planOf } from './plan.ts';
import { type ChainOptions, tensorChain } from './tensor-chain.ts';

/**
 * The network as a chain that forward passes and steps run on with the parameters in place: the backend's fused kernels where
 * it has them and the network is a plain chain of dense layers, its products otherwise. `rule` is plain descent unless told.
 *
 * @throws ArgumentError when `theta` does not fit the architecture, and for `maxRows` and `steps` that are no such integers.
 * @throws UnavailableError on a device, for which there is `deviceChain` of `@sntk/mlp/devices`.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend } from '@sntk/linalg';
 * import { networkChain } from '@sntk/mlp';
 *
 * // f(x) = w x + β with unit scales.
 * const line = fullyConnected({ inputs: 1, hidden: [], parameterization: { weightScale: 1, biasScale: 1 } });
 * const chain = networkChain(line, new Float64Array([5, 7]), { backend: ndarrayBackend(), maxRows: 1 });
 * console.log(chain.forward(new Float64Array([2]), 1)); // [17]
 * chain.descend(new Float64Array([1]), 0.5);
 * console.log(chain.readParameters()); // [4, 6.5]
 * chain.dispose();
 * ```
 */
export function networkChain(
  architecture: Architecture,
  theta: FloatArray,
  options: Omit<ChainOptions, 'dropout'>,
): DenseChain {
  const where = 'networkChain';
  checkParameters(where, architecture, theta);
  checkInteger(where, 'options.maxRows', options.maxRows, 1);
  checkInteger(where, 'options.steps', options.steps ?? 0);
  const { name, readSync } = options.backend;
  if (!readSync) {
    throw new UnavailableError(where, `backend ${name} gives outputs only later; use deviceChain`);
  }
  return openChain(planOf(architecture), theta, options);
}

/** The chain of a network that is worked out already. */
export function openChain(plan: Plan, theta: FloatArray, options: ChainOptions): DenseChain {
  const { backend: wanted, dropout, ...request } = options;
  const backend = readable(wanted, theta);
  const layers = chainLayers(plan);
  const fused = backend.fused?.denseChain;
  if (layers && fused) return fused({ ...request, layers, parameters: theta });
  return tensorChain(plan, theta, { ...request, dropout, backend });
}

/** A backend that gives entries at once, in the parameters' format: where it does not, plain loops stand in. */
export function readable(backend: Backend, theta: FloatArray): Backend {
  const format = theta instanceof Float32Array ? 'float32' : 'float64';
  return backend.readSync && backend.dtypes.includes(format) ? backend : ndarrayBackend();
}
