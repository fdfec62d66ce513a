import type { Architecture } from '@sntk/architecture';
import type { Backend, DenseChain, FloatArray } from '@sntk/linalg';
import { parameterLayout } from './layout.ts';
import { plainChain } from './plain-chain.ts';

/**
 * The network as a chain that forward passes and gradient steps run on with the parameters in place: the backend's
 * fused kernels in float32 where it has them, plain loops otherwise.
 */
export function networkChain(
  architecture: Architecture,
  theta: FloatArray,
  options: { readonly backend: Backend; readonly maxRows: number },
): DenseChain {
  const { backend, maxRows } = options;
  const layers = parameterLayout(architecture).blocks;
  if (theta instanceof Float32Array && backend.fused?.denseChain) {
    return backend.fused.denseChain({ layers, parameters: theta, maxRows });
  }
  return plainChain(layers, theta);
}
