import { type Tensor, toFloat64, zeros } from '@sntk/linalg';
import { type FusedRequest, fusedRelu } from './fused-relu.ts';
import type { Step } from './plan.ts';
import { inputPair } from './points.ts';
import { pairRecursion } from './recursion.ts';
import { emptyState, type PairState } from './state.ts';

/** From this number of pairs on, tables of moments cost less than the quadratures they replace. */
const MANY = 2000;

/** Both kernels; of `X` against itself (no Z) one half, mirrored, and the diagonal from its closed form. */
export function fill(
  steps: readonly Step[],
  request: Omit<FusedRequest, 'careful'>,
): { readonly nngp: Tensor; readonly ntk: Tensor } {
  const { Z, x, z } = request;
  const pairs = Z ? x.count * z.count : (x.count * (x.count - 1)) / 2;
  const recursion = pairRecursion(steps, pairs >= MANY);
  const state = emptyState();
  const careful = (i: number, j: number): PairState => {
    inputPair(x, i, z, j, state);
    recursion(state, x.tapes[i].variances, z.tapes[j].variances);
    return state;
  };
  const kernels = fusedRelu(steps, { ...request, careful }) ?? plainPairs(request, careful);
  const [nngp, ntk] = [toFloat64(kernels.nngp), toFloat64(kernels.ntk)];
  for (let i = 0; !Z && i < x.count; i++) {
    nngp[i * x.count + i] = x.tapes[i].nngp;
    ntk[i * x.count + i] = x.tapes[i].ntk;
  }
  return kernels;
}

/** The careful recursion of all pairs, without the diagonal where there is no Z. */
function plainPairs(
  { X, Z, x, z }: Omit<FusedRequest, 'careful'>,
  careful: (i: number, j: number) => PairState,
): { readonly nngp: Tensor; readonly ntk: Tensor } {
  const options = { backend: X.backend, dtype: 'float64' } as const;
  const kernels = { nngp: zeros([x.count, z.count], options), ntk: zeros([x.count, z.count], options) };
  // Written in place: a copy of a large kernel costs as much as the kernel.
  const [nngp, ntk] = [toFloat64(kernels.nngp), toFloat64(kernels.ntk)];
  for (let i = 0; i < x.count; i++) {
    for (let j = 0; j < (Z ? z.count : i); j++) {
      const { covariance, ntk: theta } = careful(i, j);
      const at = i * z.count + j;
      nngp[at] = covariance;
      ntk[at] = theta;
      if (Z) continue;
      nngp[j * x.count + i] = covariance;
      ntk[j * x.count + i] = theta;
    }
  }
  return kernels;
}
